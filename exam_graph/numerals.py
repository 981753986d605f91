"""Numbers as they are written and said, in digits and in words.

Words may be one, as in German: "zweihundertfünfundzwanzig".
"""

import re
from collections.abc import Sequence

from exam_graph.language import Numbers

MINUS = "-"
_LARGEST_POWER = 300


class NumberReader:
    """Reads numbers out of words in lower case."""

    def __init__(self, words: Sequence[str], numbers: Numbers) -> None:
        self._words = words
        self._numbers = numbers

    def number(self, start: int) -> tuple[float, int] | None:
        """The number that begins there, and where it ends."""
        position, sign = start, 1.0
        minus = self._word(start) == MINUS and self._is_sign(start)
        if minus or self._word(start) in self._numbers.minus:
            position, sign = start + 1, -1.0
        read = self._product(position)
        return (sign * read[0], read[1]) if read else None

    def stands_alone(self, start: int, end: int, after: int, *, measured: bool) -> bool:
        """Whether the number is none of a formula, of a name or of a list of options."""
        before, next_word = self._word(start - 1), self._word(after)
        numbers = self._numbers
        operators = (*numbers.operators, *numbers.squared, *numbers.cubed, "+", "*", "/", "^")
        if before in operators or next_word in operators or before in numbers.labels:
            return False
        variable = len(next_word) == 1 and next_word.isalpha() and next_word not in numbers.one
        name = len(before) == 1 and before.isalpha() and before not in (*numbers.one, "i")
        return (measured or not variable) and not name

    def _word(self, position: int) -> str:
        return self._words[position] if 0 <= position < len(self._words) else ""

    def _is_sign(self, position: int) -> bool:
        """Whether a dash there belongs to the number after it, and is no minus between two."""
        before = self._word(position - 1)
        return not before or not (before[0].isdecimal() or self._whole(position - 1))

    def _product(self, start: int) -> tuple[float, int] | None:
        """With powers and fractions: 2 times 10 to the minus 3; 2 over 3; 2 and a half."""
        read = self._mixed(start)
        if read is None:
            return None
        value, position = self._power(*read)
        for times in (*self._numbers.times, "*"):
            end = self._phrase(times, position)
            ten = self._mixed(end) if end else None
            if ten and ten[0] == 10:
                power, after = self._power(*ten)
                if after > ten[1]:
                    return value * power, after
        if self._word(position) in (*self._numbers.over, "/"):
            below = self._mixed(position + 1)
            if below and below[0]:
                return value / below[0], below[1]
        return value, position

    def _power(self, base: float, position: int) -> tuple[float, int]:
        for words in (*self._numbers.power, "^"):
            after = self._phrase(words, position)
            if not after:
                continue
            sign = -1 if self._word(after) in (*self._numbers.minus, MINUS) else 1
            after += sign < 0
            place = self._numbers.places.get(self._word(after))
            read = (float(place), after + 1) if place else self._mixed(after)
            if read and abs(read[0]) <= _LARGEST_POWER and (base or sign * read[0] > 0):
                if abs(base) > 1e3:
                    return base, position
                return float(base ** (sign * read[0])), read[1]
        return base, position

    def _phrase(self, phrase: str, position: int) -> int:
        """Where the phrase that begins there ends, 0 if it does not."""
        words = phrase.split()
        return (
            position + len(words)
            if [*self._words[position : position + len(words)]] == words
            else 0
        )

    def _mixed(self, start: int) -> tuple[float, int] | None:
        """A number, its fraction included: "a half", "three quarters", "one and a half"."""
        numbers, word = self._numbers, self._word(start)
        if word in numbers.mixed:
            return float(numbers.mixed[word]), start + 1
        if word in numbers.half:
            return 0.5, start + 1
        read = (1.0, start + 1) if word in numbers.one else self._decimal(start)
        if read is None:
            return None
        value, position = read
        part = numbers.fractions.get(self._word(position))
        if part and value == int(value):
            return value / float(part), position + 1
        if word in numbers.one:
            # "a" is one only where it counts: "a hundred", "ein Meter" but not "eine Zelle".
            return self._scaled(start)
        if self._word(position) in numbers.joins:
            return self._and_a_half(value, position)
        return value, position

    def _and_a_half(self, value: float, position: int) -> tuple[float, int]:
        after = self._mixed(position + 1)
        if after and 0 < after[0] < 1 and self._word(position + 1) != self._numbers.units[0]:
            return value + after[0], after[1]
        return value, position

    def _scaled(self, start: int) -> tuple[float, int] | None:
        scales = (self._numbers.hundred, self._numbers.thousand, *self._numbers.million)
        return self._decimal(start + 1, one=True) if self._word(start + 1) in scales else None

    def _decimal(self, start: int, *, one: bool = False) -> tuple[float, int] | None:
        """Digits or words, with what comes after the point, and millions after that."""
        word = self._word(start)
        if word[:1].isdecimal():
            read: tuple[float, int] | None = (_digits(word, self._numbers), start + 1)
        elif word == self._numbers.point and self._fraction(start)[0]:
            read = (0.0, start)
        else:
            read = self._whole(start, one=one)
        if read is None:
            return None
        value, position = read
        decimals, position = self._fraction(position)
        if decimals and value == int(value):
            value = float(f"{int(value)}.{decimals}")
        for scale in ((self._numbers.hundred, 1e2), (self._numbers.thousand, 1e3)):
            if self._word(position) == scale[0]:
                value, position = value * scale[1], position + 1
        for index, names in enumerate(self._numbers.million):
            if self._word(position) in names.split("|"):
                return value * 10.0 ** (6 + 3 * index), position + 1
        return value, position

    def _fraction(self, position: int) -> tuple[str, int]:
        """The digits after a spoken point, and where they end."""
        if self._word(position) != self._numbers.point:
            return "", position
        digits, at = "", position + 1
        while True:
            word = self._word(at)
            number = None if word[:1].isdecimal() else compound(word, self._numbers)
            if word.isdecimal():
                digits += word
            elif word in self._numbers.nought:
                digits += "0"
            elif number is not None and number < 100:
                unit = compound(self._word(at + 1), self._numbers)
                tens = word in self._numbers.tens and unit is not None and 0 < unit < 10
                digits += str(number + unit) if tens and unit is not None else str(number)
                at += tens
            else:
                return digits, at if digits else position
            at += 1

    def _whole(self, start: int, *, one: bool = False) -> tuple[float, int] | None:
        """A whole number in words."""
        numbers = self._numbers
        total, current, position = 0, 1 if one else 0, start
        previous = "unit" if one else ""
        while position < len(self._words):
            word = self._words[position]
            value = compound(word, numbers)
            joined = word in numbers.joins and previous in ("hundred", "thousand")
            if joined and compound(self._word(position + 1), numbers) is not None:
                position, previous = position + 1, "join"
                continue
            if word == numbers.hundred and 0 < current < 100:
                current, previous = current * 100, "hundred"
            elif word == numbers.thousand and 0 < current < 1000:
                total, current, previous = total + current * 1000, 0, "thousand"
            elif value is None or word in (numbers.hundred, numbers.thousand):
                break
            elif word in numbers.tens and previous not in ("unit", "ten"):
                current, previous = current + value, "ten"
            elif previous == "unit" or (previous == "ten" and not 0 < value < 10):
                break
            else:
                current, previous = current + value, "unit"
            position += 1
        return (float(total + current), position) if position > start else None


def _digits(word: str, numbers: Numbers) -> float:
    """A number in digits: 1,000 and 2.5 in English, 1.000 and 2,5 in German."""
    thousands, decimal = (",", ".") if numbers.decimal == "." else (".", ",")
    mantissa, mark, exponent = word.partition("e")
    if re.fullmatch(rf"\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+", mantissa):
        mantissa = mantissa.replace(thousands, "")
    elif mantissa.count(decimal) + mantissa.count(thousands) > 1:
        mantissa = mantissa.replace(thousands, "")
        if mantissa.count(decimal) > 1:
            mantissa = mantissa.replace(decimal, "")
    mantissa = mantissa.replace(",", ".")
    if mark and abs(int(exponent or 0)) > _LARGEST_POWER:
        exponent = "0"
    # No float holds more digits than that.
    return float(f"{mantissa[:_LARGEST_POWER]}e{exponent or 0}")


def compound(word: str, numbers: Numbers) -> int | None:
    """The number that one word says, None if it is no number word."""
    if word in numbers.units:
        return numbers.units.index(word)
    if word in numbers.tens:
        return 20 + 10 * numbers.tens.index(word)
    for scale, name in ((1000, numbers.thousand), (100, numbers.hundred)):
        left, found, right = word.partition(name)
        if found:
            return _scaled(left, right, scale, numbers)
    for join in numbers.joins:
        left, found, right = word.partition(join)
        if found and right in numbers.tens:
            unit = _unit(left, numbers)
            return None if unit is None else unit + 20 + 10 * numbers.tens.index(right)
    return None


def _scaled(left: str, right: str, scale: int, numbers: Numbers) -> int | None:
    for join in numbers.joins:
        right = right.removeprefix(join) if compound(right, numbers) is None else right
    before = 1 if not left else _unit(left, numbers)
    after = 0 if not right else _unit(right, numbers)
    return None if before is None or after is None else before * scale + after


def _unit(word: str, numbers: Numbers) -> int | None:
    return 1 if word in numbers.one else compound(word, numbers)

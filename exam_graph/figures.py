"""Numbers in words: cardinals, ordinals, years, amounts of money, and the article of "one"."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.numbers import get_currency_name
from num2words import num2words  # type: ignore[import-untyped]

from exam_graph.paper import Language

CURRENCIES = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_YEARS = range(1100, 2100)
_SPELLED_DIGITS = 13
_ROMAN = re.compile(r"(?=[IVX]{2})(?=.*[IV])X{0,3}(?:IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"X": 10, "IX": 9, "IV": 4, "V": 5, "I": 1}


class Figures:
    """How one language writes and says numbers; `data` is its part of aloud.yaml.

    `pattern` matches a number as it is written, without its sign.
    """

    def __init__(self, language: Language, data: Mapping[str, Any]) -> None:
        self._language = language
        self._data = data
        decimal, group = re.escape(data["decimal"]), re.escape(data["group"])
        grouped = rf"\d{{1,3}}(?:[{group}\u00a0\u202f]\d{{3}}(?!\d))+"
        self.pattern = rf"(?:{grouped}|\d+)(?:{decimal}\d+|\.\d{{1,2}}(?!\d))?"

    def words(self, digits: str) -> str:
        """ "1,000" → "one thousand", "2.50" → "two point five zero", "007" digit by digit."""
        whole, _, decimals = self._plain(digits).partition(".")
        if len(whole) >= _SPELLED_DIGITS or (len(whole) > 1 and whole[0] == "0"):
            words = self._digit_by_digit(whole)
        else:
            words = self._say(int(whole))
        if decimals:
            words += f" {self._data['point']} {self._digit_by_digit(decimals)}"
        return words

    def is_one(self, digits: str) -> bool:
        return Decimal(self._plain(digits)) == 1

    def is_year(self, digits: str) -> bool:
        return len(digits) == 4 and digits.isdecimal() and int(digits) in _YEARS

    def year(self, digits: str) -> str:
        return self._say(int(digits), "year")

    def decade(self, digits: str) -> str:
        """The 1990s and the 90s, without their s; "" if that is none. English only."""
        if self._language != "en" or not re.fullmatch(r"(?:1[1-9]|20)?\d0", digits):
            return ""
        words = self.year(digits) if len(digits) == 4 else self.words(digits)
        return re.sub(r"y$", "ies", words) if words.endswith("y") else f"{words}s"

    def ordinal(self, digits: str, before: str, after: str) -> tuple[str, int]:
        """The ordinal at that place, and how much of `after` belongs to it; "" if it is none."""
        if not digits.isdecimal():
            return "", 0
        if endings := self._data.get("ordinal_endings"):
            found = re.match(rf"(?:{'|'.join(endings)})\b", after)
            return (self._say(int(digits), "ordinal"), found.end()) if found else ("", 0)
        found = re.match(r"\. ?(?=(\w+))", after)
        ending = self._ordinal_ending(before, found[1]) if found and len(digits) < 3 else ""
        return (self._say(int(digits), "ordinal")[:-1] + ending, 1) if ending else ("", 0)

    def roman(self, numeral: str) -> str:
        """A Roman numeral in words, "" if it is none; from two letters on, I or V among them."""
        if not _ROMAN.fullmatch(numeral):
            return ""
        return self._say(sum(_ROMAN_VALUES[each] for each in re.findall("IX|IV|[XVI]", numeral)))

    def article(self, words: str, noun: str) -> str:
        """German has an article for "one": eine Sekunde, ein Meter."""
        articles = self._data.get("one")
        if not articles or words != self._say(1):
            return words
        first = noun.split()[0]
        return str(next(article for end, article in articles.items() if first.endswith(end)))

    def money(self, digits: str, sign: str) -> str:
        amount = Decimal(self._plain(digits))
        name = get_currency_name(CURRENCIES[sign], count=amount, locale=self._language)
        return f"{self.article(self.words(digits), name)} {name}"

    def _ordinal_ending(self, before: str, following: str) -> str:
        """German: "der 2. Versuch", "in der 2. Phase", "1. Mai"; "" before a full stop."""
        last = before.casefold().split()[-2:]
        ending = str(self._data["ordinals"].get(last[-1], "")) if last else ""
        if ending == "e" and last[-1] == "der" and last[0] in self._data["prepositions"]:
            return "en"
        months = Locale(self._language).months["format"]["wide"].values()
        return ending or ("er" if following in months else "")

    def _digit_by_digit(self, digits: str) -> str:
        return " ".join(self._say(int(digit)) for digit in digits)

    def _say(self, number: int, to: str = "cardinal") -> str:
        # num2words writes "one thousand, nine hundred": a voice would pause there.
        return str(num2words(number, lang=self._language, to=to)).replace(",", "")

    def _plain(self, digits: str) -> str:
        """With a decimal point, without grouping."""
        group = re.escape(self._data["group"])
        plain = re.sub(rf"[{group}\u00a0\u202f](?=\d{{3}}(?!\d))", "", digits)
        return plain.replace(self._data["decimal"], ".")

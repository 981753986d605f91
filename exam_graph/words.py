"""Words as students say them and recognisers write them, made comparable.

"a t p", "A.T.P." and "ATP" become the same word; "two point five" becomes 2.5, "x squared" x2.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

import snowballstemmer  # type: ignore[import-untyped]

from exam_graph.language import LanguageData, Numbers, language_data

_STEMMERS = {"en": "english", "de": "german"}
_WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:'[^\W_]+)*")
_SYMBOLS = {"=": " equals ", "+": " plus ", "%": " percent ", "°": " degrees ", "^": ""}
# A sentence mark ends the reach of a negation; a dot inside a number or an acronym does not.
_BREAK = re.compile(r"[,;:!?.](?=\s|$)")
BREAK = "."


def words(text: str) -> list[str]:
    """The words in lower case, without punctuation."""
    return _WORD.findall(_plain(text))


def spoken_words(text: str, data: LanguageData) -> list[str]:
    """As `words`, contractions and spelling variants written out."""
    return [part for word in words(text) for part in data.spellings.get(word, word).split()]


def terms(text: str, data: LanguageData) -> list[str]:
    """The words for comparing meanings: numbers in digits, spelled-out acronyms joined, sentence
    marks kept as `BREAK`."""
    found: list[str] = []
    for clause in _BREAK.split(_plain(text)):
        if found:
            found.append(BREAK)
        clause_words = [
            part
            for word in _WORD.findall(_dotted_acronyms(clause))
            for part in data.spellings.get(word, word).split()
        ]
        found += _join_letters(list(_in_digits(clause_words, data.numbers)))
    return found


def stem(word: str, data: LanguageData) -> str:
    """The stem that stands for the word and its synonyms."""
    plain = _stem(word, data.name)
    return _synonyms(data.name).get(plain, plain)


def is_number(word: str) -> bool:
    return word[:1].isdecimal() and word.replace(".", "", 1).isdecimal()


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    plain = re.sub(r"(?<![\w.])[-−](?=\d)", " minus ", plain)
    for symbol, name in _SYMBOLS.items():
        plain = plain.replace(symbol, name)
    return plain


def _dotted_acronyms(text: str) -> str:
    return re.sub(r"\b([^\W\d_])\.(?=[^\W\d_]\b)", r"\1 ", text)


def _join_letters(found: Sequence[str]) -> list[str]:
    """Runs of single letters, with the digits among them, become one word: h 2 o → h2o."""
    joined: list[str] = []
    run = ""
    for word, following in zip(found, [*found, ""][1:], strict=True):
        # "… T C P I think": the pronoun ends the run.
        letter = _is_letter(word) and not (word == "i" and len(following) > 1)
        if letter or (run and word.isdecimal() and (len(run) > 1 or _is_letter(following))):
            run += word
            continue
        joined += [run, word] if run else [word]
        run = ""
    return [*joined, run] if run else joined


def _is_letter(word: str) -> bool:
    return len(word) == 1 and word.isalpha()


def _in_digits(found: Sequence[str], numbers: Numbers) -> Iterator[str]:
    """Number words as digits; a power is glued to what it belongs to."""
    position = 0
    last = ""
    while position < len(found):
        value, used = _number(found[position:], numbers)
        if used:
            position += used
            last, held = value, last
            if held:
                yield held
            continue
        word = _number_form(found[position])
        position += 1
        power = "2" if word in numbers.squared else "3" if word in numbers.cubed else ""
        if power and last:
            last += power
            continue
        if last:
            yield last
        last = word
    if last:
        yield last


def _number_form(word: str) -> str:
    """1,000 → 1000; 2,5 → 2.5; 9.80 → 9.8."""
    if not word[:1].isdecimal() or not word[-1:].isdecimal() or not re.search(r"[.,]", word):
        return word
    if re.fullmatch(r"\d{1,3}(,\d{3})+", word):
        return word.replace(",", "")
    return word.replace(",", ".").rstrip("0").rstrip(".")


def _number(found: Sequence[str], numbers: Numbers) -> tuple[str, int]:
    """The number that the words begin with, and how many words it takes; 0 words: none."""
    total = current = used = 0
    previous = ""
    for word in found:
        if word in numbers.units:
            value = numbers.units.index(word)
            if previous == "unit" or (previous == "ten" and not 0 < value < 10):
                break
            current, previous = current + value, "unit"
        elif word in numbers.tens:
            if previous in ("unit", "ten"):
                break
            current, previous = current + 20 + 10 * numbers.tens.index(word), "ten"
        elif word == numbers.hundred and 0 < current < 10:
            current, previous = current * 100, "hundred"
        elif word == numbers.thousand and 0 < current < 1000:
            total, current, previous = total + current * 1000, 0, "thousand"
        else:
            break
        used += 1
    if not used:
        return "", 0
    decimals = _decimals(found[used:], numbers)
    if decimals:
        return f"{total + current}.{decimals}", used + 1 + len(decimals)
    return str(total + current), used


def _decimals(found: Sequence[str], numbers: Numbers) -> str:
    """The digits after a spoken decimal point."""
    if not found or found[0] != numbers.point:
        return ""
    digits = ""
    for word in found[1:]:
        if word in numbers.units[:10]:
            digits += str(numbers.units.index(word))
        elif len(word) == 1 and word.isdecimal():
            digits += word
        else:
            break
    return digits


@lru_cache(maxsize=8192)
def _stem(word: str, language: str) -> str:
    if any(char.isdecimal() for char in word) or language not in _STEMMERS:
        return word
    return str(snowballstemmer.stemmer(_STEMMERS[language]).stemWord(word))


@cache
def _synonyms(language: str) -> dict[str, str]:
    """Stem → the stem that stands for its group."""
    groups = language_data(language).synonyms
    return {_stem(word, language): _stem(group[0], language) for group in groups for word in group}

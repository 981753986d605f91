"""How a text is spoken where its author wrote no `say`: numbers, units and signs in words.

A text without such things comes back to the character. What is not understood (times, addresses,
functions) is left to the voice; `check --aloud` shows it to the author.

* Acronyms are spelled: two or three capitals, and four or five that cannot be pronounced, because
  they have no vowel or three consonants running: A T P, H T T P, but NASA. Emphasised little words
  ("NOT") are no acronyms; Roman numerals with I or V are numbers.
* Four digits from 1100 to 2099 are a year, unless a unit or a sign of arithmetic is beside them.
"""

import re
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import yaml

from exam_graph.figures import CURRENCIES, Figures
from exam_graph.language import language_data
from exam_graph.paper import Language
from exam_graph.spelling import Spelling, factors, greek
from exam_graph.units import Units

_LETTER = r"[^\W\d_⁰-₎²³¹]"
_ARITHMETIC = frozenset("=+−×·⋅*/÷^<>≈≠≤≥±√%&²³")
_NO_MORE = r"(?![^\W²³¹⁰-⁻]|[²³¹⁰-⁻/^])"
_SYMBOL = rf"{_LETTER}+[²³]?(?:[/·⋅]{_LETTER}+[²³]?)?"
_UNIT_AFTER = re.compile(rf"(?P<gap>[ \u00a0\u202f]?|-)(?P<symbol>°[CF]?|[%‰]|{_SYMBOL}){_NO_MORE}")
_LONE_UNIT = (
    r"(?P<lone_unit>(?:°[CF]|(?<![^\W_])"
    rf"{_LETTER}{{1,4}}(?:[²³]|/{_LETTER}{{1,3}}[²³]?)){_NO_MORE})"
)
_KEEP = (
    r"(?P<keep>https?://\S+|www\.\S+|\S+@\S+\.\S+|\d+(?:\.\d+){2,}|\d{4}-\d\d-\d\d"
    r"|(?<!\d)\d{1,2}:\d\d(?::\d\d)?(?!\d))"
)
# Digits, capitals running, a small letter before a capital, or any sign that is spoken.
_MAY_DIFFER = re.compile(
    r"[\d²³¹⁰-₎Α-Ωα-ωµ=<>+*^&%°±×·÷€$£¥/]|[A-ZÄÖÜ]{2}|\b[a-z][A-Z]|[\u2030\u2190-\u22ff]"
)


def aloud(text: str, language: Language) -> str:
    """The words of that text for the voice."""
    return _spoken(text, language, True)


def measures_aloud(text: str, language: Language) -> str:
    """Numbers, units and names in words, but no signs: what is left of them is a formula."""
    return _spoken(text, language, False)


@lru_cache(maxsize=4096)
def _spoken(text: str, language: Language, signs_too: bool) -> str:
    return _Passage(text, language, signs_too).spoken() if _MAY_DIFFER.search(text) else text


@cache
def _data(language: Language) -> dict[str, Any]:
    source = resources.files("exam_graph") / "aloud.yaml"
    data = yaml.safe_load(source.read_text(encoding="utf-8"))
    return {"symbols": data["symbols"], **data[language]}


@cache
def _figures(language: Language) -> Figures:
    return Figures(language, _data(language))


@cache
def _spelling(language: Language) -> Spelling:
    return Spelling(_figures(language), _data(language), language_data(language))


@cache
def _units(language: Language) -> Units:
    data = _data(language)
    return Units(language, data["symbols"], data["units"], data["no_units"])


class _Passage:
    """One text, gone through from left to right."""

    def __init__(self, text: str, language: Language, signs_too: bool) -> None:
        self._text = text
        self._data = _data(language)
        self._figures = _figures(language)
        self._spelling = _spelling(language)
        self._units = _units(language)
        self._tokens = _tokens(language, signs_too, True)
        self._tokens_but_units = _tokens(language, signs_too, False)
        self._all_capitals = len(text.split()) > 3 and text.upper() == text

    def spoken(self) -> str:
        said = ""
        position = 0
        while found := self._tokens.search(self._text, position):
            said += self._text[position : found.start()]
            words, position = self._words(found)
            said += " " + words if _need_space(said, words) else words
            if _need_space(words, self._text[position:]):
                said += " "
        return said + self._text[position:]

    def _words(self, found: re.Match[str]) -> tuple[str, int]:
        """The words for that token, and where it ends: a number takes its unit along."""
        token = found[0]
        match found.lastgroup:
            case "number":
                return self._number(found)
            case "lone_unit":
                return self._lone_unit(found)
            case "money":
                sign = next(char for char in token if char in CURRENCIES)
                words = self._figures.money(found["before"] or found["after"], sign)
            case "mixed":
                words = self._spelling.mixed(token)
            case "capitals":
                words = token if self._all_capitals else self._spelling.capitals(token)
            case "factors":
                words = factors(token)
            case "greek":
                words = greek(token)
            case "power":
                words = self._spelling.power(token)
            case "sign_alone":
                words = self._data["signs"][token]
            case _:
                words = token
        return words, found.end()

    def _number(self, found: re.Match[str]) -> tuple[str, int]:
        """A number with all that belongs to it: sign, range or fraction, ordinal, unit."""
        digits, end = found["digits"], found.end()
        sign = {"": "", "+": f"{self._data['plus']} "}.get(
            found["sign"] or "", f"{self._data['minus']} "
        )
        words, used = self._figures.ordinal(digits, self._text[: found.start()], self._text[end:])
        if words:
            return sign + words, end + used
        decade = re.match(r"s(?![^\W_])", self._text[end:]) and self._figures.decade(digits)
        if decade:
            return decade, end + 1
        words, last, end = self._up_to(digits, end)
        if unit := self._unit_after(end):
            hyphened = unit["gap"] == "-"
            measure = self._units.get(unit["symbol"])
            assert measure
            name = measure.one if hyphened or self._figures.is_one(last) else measure.many
            return f"{sign}{self._figures.article(words, name)} {name}", unit.end()
        if last == digits and not sign and self._is_year(digits, found.start(), end):
            return self._figures.year(digits), end
        noun = re.match(rf" ([A-ZÄÖÜ]{_LETTER}+)", self._text[end:])
        return sign + (self._figures.article(words, noun[1]) if noun else words), end

    def _up_to(self, digits: str, end: int) -> tuple[str, str, int]:
        """In words, with the second number of 5–10, 3:1, 3/4 or 5 - 3; which is last; the end."""
        words = self._figures.words(digits)
        second = re.compile(rf"(–|-|:|/| / | [–-] )({self._figures.pattern})(?![^\W_])")
        found = second.match(self._text, end)
        if not found:
            return words, digits, end
        mark, other = found[1], found[2]
        if self._figures.is_year(digits) and self._figures.is_year(other) and mark in "–-":
            words = f"{self._figures.year(digits)} {self._data['to']} {self._figures.year(other)}"
            return words, other, found.end()
        if mark in (" - ", " – "):
            link = self._data["minus"]
        elif mark == ":":
            link = self._data["ratio"]
        else:
            link = self._data["through" if "/" in mark else "to"]
        return f"{words} {link} {self._figures.words(other)}", other, found.end()

    def _unit_after(self, end: int) -> re.Match[str] | None:
        found = _UNIT_AFTER.match(self._text, end)
        if not found or not self._units.get(found["symbol"]):
            return None
        # "4t", "3D": a variable or a name, not four tonnes.
        variable = not found["gap"] and len(found["symbol"]) == 1 and found["symbol"].isalpha()
        return None if variable else found

    def _lone_unit(self, found: re.Match[str]) -> tuple[str, int]:
        unit = self._units.get(found[0], combined=len(found[0]) > 3)
        if unit:
            return unit.many, found.end()
        other = self._tokens_but_units.match(self._text, found.start())
        return self._words(other) if other else (found[0][0], found.start() + 1)

    def _is_year(self, digits: str, start: int, end: int) -> bool:
        before, after = self._text[:start].rstrip()[-1:], self._text[end:].lstrip()[:1]
        glued = self._text[end : end + 1].isalpha()
        return self._figures.is_year(digits) and not glued and not {before, after} & _ARITHMETIC


def _need_space(left: str, right: str) -> bool:
    """Words next to letters, digits or brackets want a space; punctuation does not."""
    return bool(left and right and re.match(r"[\w)]", left[-1]) and re.match(r"[\w(√]", right[0]))


@cache
def _tokens(language: Language, signs_too: bool, lone_units: bool) -> re.Pattern[str]:
    number = _figures(language).pattern
    currency = f"[{''.join(map(re.escape, CURRENCIES))}]"
    parts = [
        _KEEP,
        rf"(?P<money>{currency}\s?(?P<before>{number})|(?P<after>{number})\s?{currency})",
        rf"(?P<number>(?<!{_LETTER})(?<![\d₀-₉])(?P<sign>(?<![\w)\]])[-+−–])?(?P<digits>{number}))",
    ]
    if lone_units:
        parts.append(_LONE_UNIT)
    capitals = "[A-ZÄÖÜ]"
    names = rf"{capitals}{{2,5}}s?|[a-z]{{1,2}}{capitals}{{2,4}}|[a-z]{capitals}"
    parts += [
        rf"(?P<mixed>(?<!{_LETTER}){_LETTER}(?=[^\W_]*[\d₀-₉])(?:{_LETTER}|[\d₀-₉])+)",
        rf"(?P<capitals>(?<![^\W_])(?:{names})(?![^\W_]))",
    ]
    if signs_too:
        parts += [
            rf"(?P<factors>(?<!{_LETTER})[a-zA-Z]{{2,3}}(?=[²³⁰-⁻^]))",
            r"(?P<greek>[Α-Ωα-ωµ])",
            r"(?P<power>[⁰¹²³⁴-⁹⁺⁻]+|\^-?\d+|\^[^\W\d_](?![^\W_]))",
            f"(?P<sign_alone>[{''.join(map(re.escape, _data(language)['signs']))}])",
        ]
    return re.compile("|".join(parts))

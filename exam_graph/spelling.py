"""Names, powers and letters in words: what of a text is neither a number nor a unit."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from exam_graph.figures import Figures
from exam_graph.language import LanguageData

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


class Spelling:
    """`data` is the language's part of aloud.yaml."""

    def __init__(self, figures: Figures, data: Mapping[str, Any], known: LanguageData) -> None:
        self._figures = figures
        self._data = data
        # Emphasised, these are still words: "Which is NOT a cell?"
        self._little_words = (
            known.stopwords | known.negations | {*known.questioning, *known.numbers.units}
        )

    def mixed(self, token: str) -> str:
        """Letters and digits in one: "H2O" is H two O, "Na2CO3" Na two C O three."""
        token = token.translate(_SUBSCRIPTS)
        parts = re.findall(r"\d+|[^\W\d_](?![^\W\d_A-ZÄÖÜ])|[^\W\d_]?[^\W\d_A-ZÄÖÜ]+", token)
        return " ".join(self._figures.words(part) if part.isdecimal() else part for part in parts)

    def capitals(self, token: str) -> str:
        """An acronym letter by letter, a Roman numeral as a number; all else as it is."""
        name = token.removesuffix("s")
        if numeral := self._figures.roman(name):
            return numeral
        word = name.casefold()
        if word in self._little_words:
            return token
        if len(name) > 3 and name.isupper() and _pronounceable(word):
            return token
        small = len(name) - len(name.lstrip("abcdefghijklmnopqrstuvwxyz"))
        letters = " ".join(filter(None, (name[:small], *name[small:])))
        return letters if token == name else f"{letters}'s"

    def power(self, power: str) -> str:
        """ "²" is squared, "^10" to the power of ten, "²⁺" two plus."""
        power = power.translate(_SUPERSCRIPTS).lstrip("^")
        signs = {"+": self._data["plus"], "-": self._data["minus"]}
        if power[-1] in signs:  # the charge of an ion
            return " ".join(filter(None, (self._exponent(power[:-1]), signs[power[-1]])))
        if power in self._data["powers"]:
            return str(self._data["powers"][power])
        sign = f"{signs[power[0]]} " if power[0] in signs else ""
        return f"{self._data['power']} {sign}{self._exponent(power.lstrip('+-'))}"

    def _exponent(self, digits: str) -> str:
        return self._figures.words(digits) if digits.isdecimal() else digits


def factors(letters: str) -> str:
    """Letters before a power are factors if they are no word: the mc of mc²."""
    return letters if _has_vowel(letters) else " ".join(letters)


def _has_vowel(word: str) -> bool:
    return re.search("[aeiouyäöü]", word.casefold()) is not None


def _pronounceable(word: str) -> bool:
    return _has_vowel(word) and not re.search(r"[^aeiouyäöü]{3}", word)


def greek(letter: str) -> str:
    name = unicodedata.name(letter).rpartition(" ")[2].lower()
    return {"lamda": "lambda", "sign": "mu"}.get(name, name)

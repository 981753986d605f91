"""The number that an answer names: "two point five metres per second", "-3", "1,5 km".

Kept beside the words, never instead of them: where a number is part of a formula, or two are left
open, there is none.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from exam_graph.language import LanguageData, language_data
from exam_graph.measure import Measure, convert, measure_at
from exam_graph.numerals import MINUS, NumberReader
from exam_graph.patterns import Automaton

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?|[^\W\d_]+(?:'[^\W\d_]+)*|°C|[-/^*%°=+.,;!?]")
_SUPERSCRIPT = re.compile(r"([⁺⁻]?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")


@dataclass(frozen=True)
class _Named:
    """A number in an answer, by the tokens from `start` to before `end`, its unit's included."""

    value: float
    unit: Measure | None
    start: int
    end: int


def value_in(text: str, unit: str | None, data: LanguageData) -> float | None:
    """The number that the answer gives, in `unit` if another multiple of it was named."""
    tokens = _tokens(text, data)
    named = _numbers(tokens, data)
    wanted = measure_of(unit, data) if unit else None
    last = _after_corrections(tokens, data, named)
    answer = _answer(last, tokens, wanted, data)
    if answer is None:
        return None
    if answer.unit is None or wanted is None:
        return answer.value
    converted = convert(answer.value, answer.unit, wanted)
    return answer.value if converted is None else converted


def measures(text: str, unit: str | None, data: LanguageData) -> bool:
    """Whether the text names a number with a unit of the same kind as `unit`."""
    wanted = measure_of(unit, data) if unit else None
    return wanted is not None and any(
        one.unit is not None and one.unit.dimensions == wanted.dimensions
        for one in _numbers(_tokens(text, data), data)
    )


def measure_of(unit: str, data: LanguageData) -> Measure | None:
    """The unit as an author writes it: "m/s", "kJ", "metres per second"."""
    tokens = _tokens(unit, data)
    found = measure_at(tokens, 0, data.name)
    return found[0] if found and found[1] == len(tokens) else None


def _tokens(text: str, data: LanguageData) -> list[str]:
    text = _SUPERSCRIPT.sub(
        lambda found: f"^{'-' if found[1] == '⁻' else ''}{unicodedata.normalize('NFKC', found[2])}",
        text,
    )
    text = unicodedata.normalize("NFKC", text.replace("−", "-").replace("×", "*").replace("·", "*"))
    dropped = data.fillers - frozenset(data.numbers.times)
    return [token for token in _TOKEN.findall(text) if token.casefold() not in dropped]


def _numbers(tokens: list[str], data: LanguageData) -> list[_Named]:
    """All numbers that stand for themselves."""
    reader = NumberReader([token.casefold().replace("ß", "ss") for token in tokens], data.numbers)
    found: list[_Named] = []
    position = 0
    while position < len(tokens):
        read = reader.number(position)
        if read is None:
            position += 1
            continue
        value, end = read
        # "Half an hour".
        skipped = end < len(tokens) and tokens[end].casefold() in data.numbers.one
        measure = measure_at(tokens, end + skipped, data.name)
        after = measure[1] if measure else end
        if reader.stands_alone(position, end, after, measured=measure is not None):
            found.append(_Named(value, measure[0] if measure else None, position, after))
        position = after
    return found


def _after_corrections(tokens: list[str], data: LanguageData, named: list[_Named]) -> list[_Named]:
    """Those after the last correction ("no", "I mean") that has any after it."""
    corrections = _corrections(data.name)
    words = [token.casefold() for token in tokens]
    for start in reversed(range(len(words))):
        end = corrections.longest(words, start)
        if end > start and (later := [one for one in named if one.start >= end]):
            return later
    return named


def _answer(
    named: list[_Named], tokens: list[str], wanted: Measure | None, data: LanguageData
) -> _Named | None:
    if wanted is not None:
        fitting = [one for one in named if one.unit and one.unit.dimensions == wanted.dimensions]
        named = fitting or named
    words = [token.casefold() for token in tokens]
    # What comes after "because" explains the number before it.
    reason = next((at for at, word in enumerate(words) if word in data.numbers.because), len(words))
    named = [one for one in named if one.start < reason] or named
    for one, following in pairwise(named):
        between = words[one.end : following.start]
        if len(between) == 1 and between[0] in (*data.numbers.ranges, *data.numbers.joins, MINUS):
            return None
    results = [one for one in named if one.start and words[one.start - 1] in data.numbers.results]
    found = results or named
    return found[-1] if found else None


@cache
def _corrections(language: str) -> Automaton:
    data = language_data(language)
    return Automaton({"correction": data.choosing.corrections}, data)

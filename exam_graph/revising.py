"""Changing an answer: which one, and whether the new words are there already."""

from dataclasses import dataclass
from functools import cache

from exam_graph.commands import grammar
from exam_graph.language import LanguageData, language_data
from exam_graph.patterns import Automaton
from exam_graph.words import spoken_words


@dataclass(frozen=True)
class Revision:
    """target: as in `Understood`; words: the new answer as it was said, empty if there is none"""

    target: int | None
    words: str


def revision(text: str, data: LanguageData, *, alone: bool) -> Revision | None:
    """The revision that an utterance begins with, None if it is none.

    alone: nothing else was said to the open question, so "I meant the nucleus" is about another
    """
    said = grammar(data.name).said(text)
    patterns = _patterns(data.name)
    for start in _after_courtesies(said, data):
        end = patterns.leads.longest(said, start)
        weak = end == start
        if weak:
            end = patterns.weak.longest(said, start)
        if end == start:
            continue
        new, named = _without_trailer(said[end:], data)
        target = question_named(said[:end], data)
        target = named if target is None else target
        apology = any(word in data.revising.apologies for word in _first_words(text, start, data))
        if weak and not (alone or apology or target is not None):
            return None
        if not new or grammar(data.name).passing_only(new):
            return Revision(target, "")
        return Revision(target, _as_said(text, end, end + len(new), data))
    return None


def question_named(said: list[str], data: LanguageData) -> int | None:
    """The number of the question that the words name: from 1, 0 the one before, None if none."""
    nouns = data.revising.nouns
    before: int | None = None
    for position, word in enumerate(said):
        previous = said[position - 1] if position else ""
        following = said[position + 1] if position + 1 < len(said) else ""
        place = data.numbers.places.get(word)
        if place and (following in nouns or previous in nouns):
            return place
        if previous in nouns and (number := _number(word, data)):
            return number
        if word in data.revising.before and (following in nouns or previous in nouns):
            before = 0
    return before


def _as_said(text: str, start: int, end: int, data: LanguageData) -> str:
    """The part of the text that those words without fillers were made of, as it is written."""
    kept: list[str] = []
    position = 0
    for written in text.split():
        count = len(grammar(data.name).said(written))
        if position >= start and position + count <= end:
            kept.append(written)
        position += count
    return " ".join(kept)


def _number(word: str, data: LanguageData) -> int:
    if word.isdecimal():
        return int(word) if len(word) < 4 else 0
    return data.numbers.units.index(word) if word in data.numbers.units else 0


def _after_courtesies(said: list[str], data: LanguageData) -> list[int]:
    """Where the words may begin, apologies and courtesies left out."""
    patterns = grammar(data.name)
    starts = {0}
    for position in range(len(said)):
        if position in starts:
            starts.update(patterns.passing.ends(said, position))
            # "Wait, …" asks for time by itself.
            waits = patterns.commands.ends(said, position)
            starts.update(end for end, names in waits.items() if "think" in names)
    return sorted(starts - {len(said)})


def _first_words(text: str, count: int, data: LanguageData) -> list[str]:
    """The words before the revision itself; what is dropped as a filler may be an apology too."""
    found: list[str] = []
    for word in spoken_words(text, data):
        if count <= 0 and word not in data.fillers:
            break
        found.append(word)
        count -= word not in data.fillers
    return found


def _without_trailer(said: list[str], data: LanguageData) -> tuple[list[str], int | None]:
    """The words without "… for the first question" at their end, and that question."""
    trailer = _patterns(data.name).trailer
    for start in range(len(said)):
        if len(said) in trailer.ends(said, start):
            return said[:start], question_named(said[start:], data)
    return said, None


@dataclass(frozen=True)
class _Patterns:
    leads: Automaton
    weak: Automaton
    trailer: Automaton


@cache
def _patterns(language: str) -> _Patterns:
    data = language_data(language)
    return _Patterns(
        leads=Automaton({"lead": data.revising.leads}, data),
        weak=Automaton({"weak": data.revising.weak}, data),
        trailer=Automaton({"trailer": data.revising.trailers}, data),
    )

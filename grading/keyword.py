"""Marks without a model, by words in common with the key: a stopgap, labelled provisional."""

from collections.abc import Iterable, Sequence
from typing import Any

from rapidfuzz import fuzz

from exam_graph.coverage import BORDERLINE, COVERED, content_stems, heard_stems, shares
from exam_graph.language import LanguageData, language_data
from exam_graph.paper import OpenQuestion, Point, Question
from exam_graph.words import is_number
from grading.exact import exact_mark
from grading.quotes import tokens

# Keywords further apart than this are quoted one by one.
_LONGEST_QUOTE = 25
_MOST_QUOTES = 3
# From which likeness on a word is the key's, misheard: as in a live exam.
_ALIKE = 85
_LONG_WORD = 6


def keyword_marks(
    question: Question, text: str, value: str | None, language: str
) -> list[dict[str, Any]]:
    """[{"id", "marks", "out_of", "quotes", "reason"}] for each point; [] if nobody can tell.

    text: the words of the answer, a turn a line: no quote goes beyond its line
    value: of a choice or short question, as the record has it
    """
    if not isinstance(question, OpenQuestion):
        point = exact_mark(question, text, value, language)
        return [point] if point else []
    data = language_data(language)
    named = shares(question, text, data)
    return [_mark(point, named[point.id], text, data) for point in question.points]


def _mark(point: Point, share: float, text: str, data: LanguageData) -> dict[str, Any]:
    part = 1.0 if share >= COVERED else 0.5 if share >= BORDERLINE else 0.0
    quotes = _quotes(point.looks_for, text, data) if part else []
    if part and not quotes:
        # Marks that no words can be shown for are none.
        part = 0.0
    reason = {
        1.0: "The keywords of this point are in the answer.",
        0.5: "Some keywords of this point are in the answer.",
        0.0: "The keywords of this point are not in the answer.",
    }[part]
    return {
        "id": point.id,
        "marks": point.marks * part,
        "out_of": point.marks,
        "quotes": quotes,
        "reason": reason,
    }


def _quotes(key: str, text: str, data: LanguageData) -> list[str]:
    """The shortest span that holds the key's words, or one for each where they are far apart."""
    wanted = set(content_stems(key, data))
    lines = [line for line in text.splitlines() if line.strip()]
    held = {line: _held(wanted, line, data) for line in lines}
    best = max(lines, key=lambda line: len(held[line]), default="")
    if not best or not held[best]:
        return []
    span = _shortest(held[best], best, data)
    if span is not None and len(span.split()) <= _LONGEST_QUOTE:
        rest = {one for line in lines for one in held[line]} - held[best]
        others = _one_by_one(rest, lines, data) if rest else []
        return [span, *others][:_MOST_QUOTES]
    return _one_by_one(sorted(held[best]), [best], data)[:_MOST_QUOTES]


def _one_by_one(wanted: Iterable[str], lines: Sequence[str], data: LanguageData) -> list[str]:
    found = [
        span
        for one in sorted(wanted)
        if (span := next(filter(None, (_shortest({one}, line, data) for line in lines)), None))
    ]
    return list(dict.fromkeys(found))


def _shortest(wanted: set[str], line: str, data: LanguageData) -> str | None:
    """The fewest words of the line that hold all of these stems."""
    places = tokens(line)
    best: tuple[int, int] | None = None
    start = 0
    for end in range(1, len(places) + 1):
        while start < end and _held(wanted, _cut(line, places, start, end), data) >= wanted:
            if best is None or end - start < best[1] - best[0]:
                best = (start, end)
            start += 1
    return None if best is None else _cut(line, places, *best)


def _cut(line: str, places: Sequence[Any], start: int, end: int) -> str:
    return line[places[start].start : places[end - 1].end]


def _held(wanted: set[str], text: str, data: LanguageData) -> set[str]:
    """Those of the stems that the text holds, a letter or two misheard."""
    said = heard_stems(text, data)
    heard = said.held | said.denied
    return {one for one in wanted if one in heard or any(_alike(one, each) for each in heard)}


def _alike(wanted: str, heard: str) -> bool:
    if len(wanted) < _LONG_WORD or is_number(wanted) or heard[:1] != wanted[:1]:
        return False
    return fuzz.ratio(wanted, heard) >= _ALIKE

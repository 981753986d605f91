"""Reads what a grader wrote. Code checks all of it: the form, each range, each quote."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exam_graph.paper import Point
from grading.flags import GRADER_FAILED, OUT_OF_RANGE, QUOTE_REFUSED
from grading.quotes import Quote, find_quote
from grading.spotlight import SIGN, marked, plain
from records.model import Json

_LONGEST_REASON = 600
_TOLERANCE = 1e-9


class _Point(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    id: str
    marks: float
    quotes: list[str]
    reason: str


class _Reply(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    points: list[_Point]
    why: str = Field(default="")


@dataclass(frozen=True)
class Opinion:
    """points: [{"id", "marks", "out_of", "quotes": [{"text", "turn"}], "reason"}], in the order of
    the key; `why`: of the whole answer"""

    points: list[Json]
    why: str

    @property
    def marks(self) -> float:
        return float(sum(point["marks"] for point in self.points))


@dataclass(frozen=True)
class Refused:
    """Why a reply cannot be used. `flag`: the worst of it; `problems`: sentences for the grader."""

    flag: str
    problems: list[str] = field(default_factory=list)


def read_opinion(
    content: str, key: Sequence[Point], said: Sequence[tuple[int, str]], language: str
) -> Opinion | Refused:
    """`said`: the words that may be quoted, by turn."""
    try:
        reply = _Reply.model_validate_json(content)
    except ValidationError:
        return Refused(GRADER_FAILED, ["It is not JSON of the form that was asked for."])
    if problems := _wrong_points(reply, key):
        return Refused(GRADER_FAILED, problems)
    given = {point.id: point for point in reply.points}
    if problems := _out_of_range(given, key):
        return Refused(OUT_OF_RANGE, problems)
    found, problems = _quoted(given, key, said, language)
    if problems:
        return Refused(QUOTE_REFUSED, problems)
    points = [
        {
            "id": point.id,
            "marks": min(max(given[point.id].marks, 0.0), point.marks),
            "out_of": point.marks,
            "quotes": [vars(quote) for quote in found[point.id]],
            "reason": _sentence(given[point.id].reason),
        }
        for point in key
    ]
    return Opinion(points, _sentence(reply.why))


def _wrong_points(reply: _Reply, key: Sequence[Point]) -> list[str]:
    given = [point.id for point in reply.points]
    wanted = [point.id for point in key]
    return [
        *(f"The point “{each}” is missing." for each in wanted if each not in given),
        *(f"The point “{each}” is there twice." for each in wanted if given.count(each) > 1),
        *("It holds a point that is not in the key." for each in given if each not in wanted),
    ]


def _out_of_range(given: dict[str, _Point], key: Sequence[Point]) -> list[str]:
    # Neither infinity nor what is no number lies within.
    return [
        f"The marks of “{point.id}” are not from 0 to {point.marks:g}."
        for point in key
        if not -_TOLERANCE <= given[point.id].marks <= point.marks + _TOLERANCE
    ]


def _quoted(
    given: dict[str, _Point], key: Sequence[Point], said: Sequence[tuple[int, str]], language: str
) -> tuple[dict[str, list[Quote]], list[str]]:
    found: dict[str, list[Quote]] = {}
    problems = []
    for point in key:
        found[point.id] = []
        for quoted in filter(str.strip, given[point.id].quotes):
            if (quote := find_quote(plain(quoted), said, language)) is None:
                problems.append(
                    f"The student did not say this, word for word: {marked(quoted)[:300]}"
                )
            elif quote not in found[point.id]:
                found[point.id].append(quote)
        if given[point.id].marks > 0 and not found[point.id] and not problems:
            problems.append(f"The marks of “{point.id}” have no quote of the student.")
    return found, problems


def _sentence(text: str) -> str:
    return " ".join(text.replace(SIGN, " ").split())[:_LONGEST_REASON]

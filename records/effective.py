"""The marks that hold: the teacher's last word on a question, else what the graders settled on."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from records.marking import Mark


@dataclass(frozen=True)
class Override:
    """A teacher's word on a mark. `old_marks` is what held before, None: there was none."""

    id: int
    question_id: str
    old_marks: float | None
    new_marks: float
    reason: str
    teacher: str
    at: datetime


@dataclass(frozen=True)
class EffectiveMark:
    """What an answer is worth in the end; `marks` is None while nobody could tell.

    `mark`: what the graders said, None where a teacher marked what they had not seen.
    `overridden`: the teacher's word holds; it is never provisional.
    """

    question_id: str
    position: int
    marks: float | None
    out_of: float
    provisional: bool
    overridden: bool
    flags: list[str]
    mark: Mark | None


def effective(marks: Iterable[Mark], overrides: Iterable[Override]) -> list[EffectiveMark]:
    """In the order of the questions. `marks`: of the grading that holds."""
    last = {each.question_id: each for each in sorted(overrides, key=lambda each: each.id)}
    return [
        _effective(mark, last.get(mark.question_id))
        for mark in sorted(marks, key=lambda each: each.position)
    ]


def total(marks: Sequence[EffectiveMark]) -> float | None:
    """The sum; None while there is none, or any answer is not marked."""
    given = [each.marks for each in marks if each.marks is not None]
    return math.fsum(given) if given and len(given) == len(marks) else None


def _effective(mark: Mark, override: Override | None) -> EffectiveMark:
    return EffectiveMark(
        question_id=mark.question_id,
        position=mark.position,
        marks=override.new_marks if override else mark.marks,
        out_of=mark.out_of,
        provisional=mark.provisional and override is None,
        overridden=override is not None,
        flags=mark.flags,
        mark=mark,
    )

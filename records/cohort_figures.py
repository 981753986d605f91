"""What the marks of a cohort come to: each sitting's total, and how each question went."""

import math
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from records.cohort_queries import Effective, Seconds

#: Fewer say nothing about how two things go together.
_FEWEST = 3


@dataclass(frozen=True)
class Total:
    """One sitting that has marks: the teacher's where there are some, else the graders'.

    `marks`: None while any question is ungraded. `provisional`: a mark in it is.
    """

    sitting_id: str
    marks: float | None
    out_of: float
    provisional: bool

    @property
    def share(self) -> float | None:
        return None if self.marks is None or not self.out_of else self.marks / self.out_of


@dataclass(frozen=True)
class QuestionFigures:
    """A question over all sittings that had it.

    share: mean of the marks given, as part of those to be had (its difficulty); None without any
    discrimination: how the marks go with those of the rest of the exam (corrected item-total
        correlation), None for fewer than 3 whole sittings or where all marks are the same
    seconds, seconds_p90: of the exam's clock, median and 90th percentile, to 5 s
    """

    question_id: str
    asked: int
    graded: int
    overridden: int
    out_of: float
    share: float | None
    discrimination: float | None
    seconds: float | None = None
    seconds_p90: float | None = None


def sum_up(marks: Sequence[Effective]) -> list[Total]:
    """One for each sitting, of marks that are in the order of their sittings."""
    totals = []
    for sitting_id, group in groupby(marks, key=lambda mark: mark.sitting_id):
        each = list(group)
        given = [mark.given for mark in each if mark.given is not None]
        totals.append(
            Total(
                sitting_id,
                math.fsum(given) if len(given) == len(each) else None,
                math.fsum(mark.out_of for mark in each),
                any(mark.provisional for mark in each),
            )
        )
    return totals


def figures(
    marks: Sequence[Effective], totals: Sequence[Total], times: Seconds
) -> list[QuestionFigures]:
    """In the order in which most met the questions."""
    of_sitting = {total.sitting_id: total for total in totals}
    by_question: dict[str, list[Effective]] = defaultdict(list)
    for mark in marks:
        by_question[mark.question_id].append(mark)
    in_order = sorted(
        by_question.items(),
        key=lambda item: (statistics.fmean(mark.position for mark in item[1]), item[0]),
    )
    return [_figures(name, each, of_sitting, times) for name, each in in_order]


def _figures(
    question_id: str, marks: Sequence[Effective], totals: dict[str, Total], times: Seconds
) -> QuestionFigures:
    shares = [mark.given / mark.out_of for mark in marks if mark.given is not None]
    return QuestionFigures(
        question_id,
        asked=len(marks),
        graded=len(shares),
        overridden=sum(mark.own for mark in marks),
        out_of=max(mark.out_of for mark in marks),
        share=statistics.fmean(shares) if shares else None,
        discrimination=_discrimination(marks, totals),
        seconds=times.percentile(question_id, 0.5),
        seconds_p90=times.percentile(question_id, 0.9),
    )


def _discrimination(marks: Sequence[Effective], totals: dict[str, Total]) -> float | None:
    """Both as shares: a paper that draws its questions gives each sitting another maximum."""
    pairs = []
    for mark in marks:
        total = totals[mark.sitting_id]
        others = total.out_of - mark.out_of
        if mark.given is not None and total.marks is not None and others > 0:
            pairs.append((mark.given / mark.out_of, (total.marks - mark.given) / others))
    if len(pairs) < _FEWEST:
        return None
    try:
        return statistics.correlation(*zip(*pairs, strict=True))
    except statistics.StatisticsError:
        # All marks are the same.
        return None

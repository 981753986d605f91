"""From two markers' marks to a report: how far they agree, on what, and for whom."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from grading.agreement import Agreement, Pair, agreement, greatest_step
from grading.calibration_compared import Compared
from grading.calibration_points import PointLine, worst_points

#: Below that, kappa and intervals change with every answer more.
FEW = 30
FEW_IN_GROUP = 10


@dataclass(frozen=True)
class Line:
    """How far two markers agree on some of the marks. `name`: which, such as a question or a
    group; `markers`: the two, bias is the second's over the first."""

    name: tuple[str, ...]
    markers: tuple[str, str]
    agreement: Agreement


@dataclass(frozen=True)
class Report:
    """`step`: of the marks that were compared; `counts`: of questions, what could not be compared
    among them. All agreement but `points` is of whole questions."""

    step: float
    counts: dict[str, int]
    machine: Line | None
    humans: list[Line]
    graders: list[Line]
    graders_humans: list[Line]
    questions: list[Line]
    by: str | None
    groups: list[Line]
    points: list[PointLine]
    warnings: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def calibrate(compared: Sequence[Compared], by: str | None = None) -> Report:
    """`by`: the column whose groups are told apart."""
    whole = [one for one in compared if not one.point]
    step = greatest_step(list(_all_marks(whole)) or [1.0])
    both = [one for one in whole if one.human is not None and one.machine is not None]
    machine = _line((), ("human", "machine"), both, _human, _machine, step)
    groups = _grouped(both, lambda one: (one.groups[by] or "(empty)",), step) if by else []
    return Report(
        step=step,
        counts=_counts(whole, len(both)),
        machine=machine,
        humans=_humans(whole, step),
        graders=_graders(whole, step),
        graders_humans=_graders_and_human(whole, step),
        questions=_grouped(both, lambda one: (one.exam, one.question), step),
        by=by,
        groups=groups,
        points=worst_points(compared),
        warnings=list(_warnings(whole, both, machine, groups)),
    )


def _all_marks(whole: Iterable[Compared]) -> Iterable[float]:
    for one in whole:
        given = (one.out_of, one.human, one.machine, *one.further.values(), *one.graders.values())
        yield from (marks for marks in given if marks is not None)


def _counts(whole: Sequence[Compared], both: int) -> dict[str, int]:
    return {
        "questions": len(whole),
        "compared": both,
        "ungraded": sum(one.state == "ungraded" for one in whole),
        "unmarked": sum(one.state == "unmarked" for one in whole),
        "without_human": sum(one.human is None for one in whole),
        "provisional": sum(one.provisional for one in whole),
    }


def _humans(whole: Sequence[Compared], step: float) -> list[Line]:
    """Humans among themselves: no machine can be expected to agree with one any better."""
    names = sorted({name for one in whole for name in one.further})
    by_name: dict[str, Callable[[Compared], float | None]] = {"human": _human}
    by_name |= {name: _further(name) for name in names}
    lines = [
        _line((), pair, whole, by_name[pair[0]], by_name[pair[1]], step)
        for pair in combinations(by_name, 2)
    ]
    lines += [_line((), (name, "machine"), whole, by_name[name], _machine, step) for name in names]
    return [line for line in lines if line]


def _graders(whole: Sequence[Compared], step: float) -> list[Line]:
    names = sorted({name for one in whole for name in one.graders})
    lines = [
        _line((), pair, whole, _grader(pair[0]), _grader(pair[1]), step)
        for pair in combinations(names, 2)
    ]
    return [line for line in lines if line]


def _graders_and_human(whole: Sequence[Compared], step: float) -> list[Line]:
    names = sorted({name for one in whole for name in one.graders})
    lines = [_line((), ("human", name), whole, _human, _grader(name), step) for name in names]
    return [line for line in lines if line]


def _grouped(
    both: Sequence[Compared], of: Callable[[Compared], tuple[str, ...]], step: float
) -> list[Line]:
    parts: dict[tuple[str, ...], list[Compared]] = {}
    for one in both:
        parts.setdefault(of(one), []).append(one)
    lines = [
        _line(name, ("human", "machine"), part, _human, _machine, step)
        for name, part in sorted(parts.items())
    ]
    return [line for line in lines if line]


def _line(
    name: tuple[str, ...],
    markers: tuple[str, str],
    some: Iterable[Compared],
    first: Callable[[Compared], float | None],
    second: Callable[[Compared], float | None],
    step: float,
) -> Line | None:
    pairs = [
        Pair(one, other, each.cluster)
        for each in some
        if (one := first(each)) is not None and (other := second(each)) is not None
    ]
    found = agreement(pairs, step)
    return Line(name, markers, found) if found else None


def _warnings(
    whole: Sequence[Compared],
    both: Sequence[Compared],
    machine: Line | None,
    groups: Sequence[Line],
) -> Iterable[str]:
    if machine is None:
        yield "There is nothing to compare: no question has a mark of both."
    elif len(both) < FEW:
        yield f"Only {len(both)} marks: kappa and intervals are rough below {FEW}."
    if machine is not None and machine.agreement.kappa is None:
        yield "Kappa tells nothing here: all marks are the same."
    if ungraded := sum(one.state == "ungraded" for one in whole):
        yield f"{ungraded} ungraded: they are left out, not taken as 0."
    if unmarked := sum(one.state == "unmarked" for one in whole):
        yield f"{unmarked} of sittings that are not graded yet: they are left out."
    if provisional := sum(one.provisional for one in whole):
        yield f"{provisional} provisional marks, made by keywords."
    for line in groups:
        if line.agreement.n < FEW_IN_GROUP:
            yield f"Only {line.agreement.n} marks in group {line.name[0]}."


def _human(one: Compared) -> float | None:
    return one.human


def _machine(one: Compared) -> float | None:
    return one.machine


def _further(name: str) -> Callable[[Compared], float | None]:
    return lambda one: one.further.get(name)


def _grader(name: str) -> Callable[[Compared], float | None]:
    return lambda one: one.graders.get(name)

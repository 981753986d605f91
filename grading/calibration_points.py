"""Which points of the rubric markers agree on least: what a rubric is to be mended by."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from grading.calibration_compared import Compared


@dataclass(frozen=True)
class PointLine:
    """A rubric point. Distances are mean differences without sign, in shares of its marks: of
    machine and human, and of each two graders among themselves; None where there are none."""

    exam: str
    question: str
    point: str
    out_of: float
    n: int
    distance: float | None
    bias: float | None
    graders_n: int
    graders_distance: float | None

    @property
    def worst(self) -> tuple[float, float]:
        return (self.distance or 0.0, self.graders_distance or 0.0)


def worst_points(compared: Sequence[Compared]) -> list[PointLine]:
    """The points that disagree most first."""
    parts: dict[tuple[str, str, str], list[Compared]] = {}
    for one in compared:
        if one.point:
            parts.setdefault((one.exam, one.question, one.point), []).append(one)
    lines = [_point(key, part) for key, part in parts.items()]
    return sorted(lines, key=lambda line: line.worst, reverse=True)


def _point(key: tuple[str, str, str], part: Sequence[Compared]) -> PointLine:
    by = [
        (one.machine - one.human) / one.out_of
        for one in part
        if one.human is not None and one.machine is not None
    ]
    apart = [
        abs(first - second) / one.out_of
        for one in part
        for first, second in combinations(one.graders.values(), 2)
    ]
    return PointLine(
        *key,
        out_of=part[0].out_of,
        n=len(by),
        distance=sum(map(abs, by)) / len(by) if by else None,
        bias=sum(by) / len(by) if by else None,
        graders_n=len(apart),
        graders_distance=sum(apart) / len(apart) if apart else None,
    )

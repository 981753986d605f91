"""Two markings of a cohort side by side: whose marks would change, and by how much."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Version:
    """A grading, as far as one is compared with another."""

    id: str
    version: int
    reason: str
    state: str
    current: bool
    provisional: bool


@dataclass(frozen=True)
class Given:
    """A mark; `marks` None: ungraded."""

    position: int
    marks: float | None
    out_of: float


@dataclass(frozen=True)
class Change:
    """A question marked otherwise. `overridden`: the teacher's own mark, which stands."""

    question_id: str
    position: int
    old: float | None
    new: float | None
    out_of: float
    overridden: float | None


@dataclass(frozen=True)
class Student:
    """One sitting. Totals are with the teacher's own marks in them, None while any is ungraded.

    `changes`: the questions that are marked otherwise, in the paper's order, also where the
    teacher's mark stands and the total stays. `hindrance`: why it cannot be adopted, or None.
    """

    sitting_id: str
    user_id: str
    released: bool
    old_version: int
    new_version: int
    provisional: bool
    old_total: float | None
    new_total: float | None
    out_of: float
    changes: list[Change]

    @property
    def changed(self) -> bool:
        """Whether the result would be another."""
        return _differ(self.old_total, self.new_total) or any(
            change.overridden is None for change in self.changes
        )

    @property
    def difference(self) -> float | None:
        if self.old_total is None or self.new_total is None:
            return None
        return self.new_total - self.old_total


@dataclass(frozen=True)
class Comparison:
    """`students`: the biggest changes first. `pending`: sittings whose new marks are still to
    come; `without`: those that have no two versions to compare."""

    exam_id: str
    students: list[Student]
    pending: list[str]
    without: list[str]

    @property
    def changed(self) -> list[Student]:
        return [student for student in self.students if student.changed]

    @property
    def released(self) -> list[Student]:
        """Those who have read another result already."""
        return [student for student in self.changed if student.released]

    @property
    def versions(self) -> dict[str, int]:
        """What would be adopted."""
        return {student.sitting_id: student.new_version for student in self.students}


def pair(
    graded: Sequence[Version], before: int | None, after: int | None
) -> tuple[Version | None, Version | None]:
    """The two to compare, `graded` in the order of their versions: by default the one that holds,
    and the newest regrading since."""
    done = {each.version: each for each in graded if each.state == "done"}
    current = next((each for each in done.values() if each.current), None)
    old = current if before is None else done.get(before)
    if after is not None:
        return old, done.get(after)
    proposed = [each for each in done.values() if each.reason == "regraded" and not each.current]
    since = current.version if current else 0
    return old, next((each for each in reversed(proposed) if each.version > since), None)


def is_under_way(graded: Sequence[Version]) -> bool:
    """Whether a regrading is still to come."""
    return any(each.state != "done" and each.reason == "regraded" for each in graded)


def hindrance(graded: Sequence[Version], version: int) -> str | None:
    """Why that version cannot be adopted; None if it can."""
    done = {each.version: each for each in graded if each.state == "done"}
    current = next((each for each in done.values() if each.current), None)
    new = done.get(version)
    if new is None or new.reason != "regraded":
        return f"it has no regrading of version {version}"
    if current is None:
        return "it has no marks yet that could be replaced"
    if new is current:
        return "these marks hold already"
    if current.version > version:
        return "it was marked anew since the regrading: regrade it again"
    if any(each.state != "done" and each.reason != "regraded" for each in graded):
        return "it is being marked at the moment: adopt it afterwards"
    return None


def student(
    who: tuple[str, str, bool],
    old: tuple[Version, Mapping[str, Given]],
    new: tuple[Version, Mapping[str, Given]],
    own: Mapping[str, float],
) -> Student:
    """`who`: sitting, student, released; `own`: the teacher's marks by question."""
    (before, old_marks), (after, new_marks) = old, new
    every = {**old_marks, **new_marks}
    changes = [
        Change(
            question_id,
            one.position,
            _marks(old_marks, question_id),
            _marks(new_marks, question_id),
            one.out_of,
            own.get(question_id),
        )
        for question_id, one in sorted(every.items(), key=lambda item: item[1].position)
        if _differ(_marks(old_marks, question_id), _marks(new_marks, question_id))
    ]
    return Student(
        *who,
        old_version=before.version,
        new_version=after.version,
        provisional=after.provisional,
        old_total=_total(old_marks, own),
        new_total=_total(new_marks, own),
        out_of=math.fsum(one.out_of for one in every.values()),
        changes=changes,
    )


def rank(student: Student) -> tuple[bool, bool, float, str]:
    """Sorts the biggest changes first; before all those where a total comes or goes."""
    if student.difference is None:
        return (not student.changed, False, 0.0, student.user_id)
    return (not student.changed, True, -abs(student.difference), student.user_id)


def _marks(given: Mapping[str, Given], question_id: str) -> float | None:
    one = given.get(question_id)
    return one.marks if one else None


def _total(given: Mapping[str, Given], own: Mapping[str, float]) -> float | None:
    every = [own.get(question_id, one.marks) for question_id, one in given.items()]
    if not every or any(marks is None for marks in every):
        return None
    return math.fsum(marks for marks in every if marks is not None)


def _differ(old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return old is not new
    return not math.isclose(old, new, abs_tol=1e-9)

"""What an exam came to for all who sat it, in figures that a page can draw. No one's words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from records import cohort_queries as queries
from records.cohort_figures import QuestionFigures, Total, figures, sum_up
from records.errors import UnknownExam
from records.schema import papers, sittings


@dataclass(frozen=True)
class Waits:
    """From the end of an answer to the examiner's first sound, in ms, to 50 ms.

    buckets: (from so many ms, how often), in order; the last holds all above, too.
    """

    count: int
    p50: float | None
    p95: float | None
    buckets: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Cohort:
    """`states`: sittings by status. `flags`, `sitting_flags`: the most frequent first, of the
    marks that hold and of the exams themselves. `read_at`: when the figures were these."""

    exam_id: str
    title: str
    states: dict[str, int]
    released: int
    totals: Sequence[Total]
    questions: Sequence[QuestionFigures]
    flags: Sequence[tuple[str, int]]
    sitting_flags: Sequence[tuple[str, int]]
    waits: Waits
    read_at: datetime

    @property
    def sittings(self) -> int:
        return sum(self.states.values())

    @property
    def provisional(self) -> int:
        """Sittings with a mark that is."""
        return sum(total.provisional for total in self.totals)

    @property
    def ungraded(self) -> int:
        """Sittings that are marked, but not all through."""
        return sum(total.marks is None for total in self.totals)

    @property
    def shares(self) -> list[float]:
        """Whole results, from 0 to 1."""
        return [share for total in self.totals if (share := total.share) is not None]


@dataclass(frozen=True)
class Course:
    """How the exams went, whatever they were worth. To count it takes the longest."""

    seconds: queries.Seconds
    waits: Waits


async def read_course(connection: AsyncConnection, exam_id: str) -> Course:
    waits = await queries.waits(connection, exam_id)
    return Course(
        await queries.seconds(connection, exam_id),
        Waits(waits.count, waits.percentile(0.5), waits.percentile(0.95), waits.buckets),
    )


async def read_cohort(
    connection: AsyncConnection, exam_id: str, now: datetime, course: Course | None = None
) -> Cohort:
    """Raises UnknownExam where there is neither a paper nor a sitting of that id.

    `course`: as it was read before, if it is still the same (`cohort_queries.fingerprint`).
    """
    states, released = await queries.states(connection, exam_id)
    title = await _title(connection, exam_id, any(states.values()))
    course = course or await read_course(connection, exam_id)
    marks = await queries.effective(connection, exam_id)
    totals = sum_up(marks)
    return Cohort(
        exam_id,
        title,
        states,
        released,
        totals,
        figures(marks, totals, course.seconds),
        queries.count_flags(Counter(mark.flags for mark in marks).items()),
        await queries.sitting_flags(connection, exam_id),
        course.waits,
        now,
    )


async def _title(connection: AsyncConnection, exam_id: str, sat: bool) -> str:
    """Of the published paper; of a frozen one where it was taken away."""
    content = await connection.scalar(select(papers.c.content).where(papers.c.exam_id == exam_id))
    if content is None and sat:
        content = await connection.scalar(
            select(sittings.c.paper).where(sittings.c.exam_id == exam_id).limit(1)
        )
    if content is None:
        raise UnknownExam(f"There is no exam {exam_id!r}.")
    return str(content.get("title", exam_id))

"""Reads two markings of a cohort out of the database, in a handful of queries."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from records import comparing
from records.comparing import Comparison, Version
from records.errors import UnknownExam
from records.schema import gradings as versions
from records.schema import marks, overrides, sittings

OVER = ("finished", "abandoned")


async def read_comparison(
    connection: AsyncConnection,
    exam_id: str,
    *,
    before: int | None = None,
    after: int | None = None,
) -> Comparison:
    """As `Regrading.compare`."""
    found = await connection.execute(
        _of(exam_id, sittings.c.id, sittings.c.user_id, sittings.c.released_at)
    )
    over = list(found)
    if not over:
        raise UnknownExam(f"No sitting of an exam {exam_id!r} is over.")
    graded = await _versions(connection, exam_id)
    students = []
    pending: list[str] = []
    without: list[str] = []
    pairs = {row.id: comparing.pair(graded.get(row.id, []), before, after) for row in over}
    given = await _marks(connection, exam_id, pairs)
    own = await _overrides(connection, exam_id)
    for row in over:
        old, new = pairs[row.id]
        if before is None and after is None and comparing.is_under_way(graded.get(row.id, [])):
            pending.append(row.id)
        if old is None or new is None:
            without.append(row.id)
            continue
        students.append(
            comparing.student(
                (row.id, row.user_id, row.released_at is not None),
                (old, given.get(old.id, {})),
                (new, given.get(new.id, {})),
                own.get(row.id, {}),
            )
        )
    students.sort(key=comparing.rank)
    return Comparison(exam_id, students, pending, without)


async def read_versions(connection: AsyncConnection, sitting_id: str) -> list[Version]:
    """All gradings of one sitting, the oldest first."""
    found = await connection.execute(
        select(*_VERSION).where(versions.c.sitting_id == sitting_id).order_by(versions.c.version)
    )
    return [_version(row) for row in found]


async def _versions(connection: AsyncConnection, exam_id: str) -> dict[str, list[Version]]:
    found = await connection.execute(
        _of(exam_id, *_VERSION)
        .join(versions, versions.c.sitting_id == sittings.c.id)
        .order_by(versions.c.version)
    )
    told: dict[str, list[Version]] = {}
    for row in found:
        told.setdefault(row.sitting_id, []).append(_version(row))
    return told


async def _marks(
    connection: AsyncConnection,
    exam_id: str,
    pairs: Mapping[str, tuple[Version | None, Version | None]],
) -> dict[str, dict[str, comparing.Given]]:
    """By grading and question. What graders said of them is long, and stays where it is."""
    wanted = {each.id for pair in pairs.values() for each in pair if each}
    found = await connection.execute(
        _of(
            exam_id,
            marks.c.grading_id,
            marks.c.question_id,
            marks.c.position,
            marks.c.marks,
            marks.c.out_of,
        ).join(marks, marks.c.sitting_id == sittings.c.id)
    )
    told: dict[str, dict[str, comparing.Given]] = {}
    for row in found:
        if row.grading_id in wanted:
            one = comparing.Given(row.position, row.marks, row.out_of)
            told.setdefault(row.grading_id, {})[row.question_id] = one
    return told


async def _overrides(connection: AsyncConnection, exam_id: str) -> dict[str, dict[str, float]]:
    """A teacher's last word on each question, by sitting."""
    found = await connection.execute(
        _of(exam_id, overrides.c.sitting_id, overrides.c.question_id, overrides.c.new_marks)
        .join(overrides, overrides.c.sitting_id == sittings.c.id)
        .order_by(overrides.c.id)
    )
    told: dict[str, dict[str, float]] = {}
    for row in found:
        told.setdefault(row.sitting_id, {})[row.question_id] = row.new_marks
    return told


def _of(exam_id: str, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(sittings)
        .where(sittings.c.exam_id == exam_id, sittings.c.status.in_(OVER))
    )


_VERSION = (
    versions.c.sitting_id,
    versions.c.id,
    versions.c.version,
    versions.c.reason,
    versions.c.state,
    versions.c.current,
    versions.c.provisional,
)


def _version(row: Any) -> Version:
    return Version(row.id, row.version, row.reason, row.state, row.current, row.provisional)

"""The teacher's list of sittings, those that need a person first. Loads no paper and no turn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from records.effective import EffectiveMark, Override, effective, total
from records.marking import Mark
from records.schema import appeals, gradings, marks, overrides, sittings
from records.teachers import Teacher

Stand = Literal["review", "flagged", "graded", "released", "waiting", "under_way"]
STANDS: tuple[Stand, ...] = ("review", "flagged", "graded", "released", "waiting", "under_way")
PAGE = 50

_EMPTY = "[]"
#: Alone they ask for nobody: all marks without a model have the one, a teacher made the other.
_QUIET = ('["provisional"]', '["corrected_transcript"]', '["corrected_transcript", "provisional"]')


@dataclass(frozen=True)
class Line:
    """A sitting in the list. `total` is None while an answer is not marked; `flags` are those of
    the sitting and of its marks; `stand`: what is to be done, or was."""

    id: str
    user_id: str
    exam_id: str
    status: str
    stand: Stand
    created_at: datetime
    finished_at: datetime | None
    released_at: datetime | None
    flags: list[str]
    total: float | None
    out_of: float
    ungraded: int
    appeals: int
    provisional: bool


@dataclass(frozen=True)
class Page:
    """`found`: how many there are in all; `counts`: of each stand, without that filter."""

    lines: list[Line]
    found: int
    counts: dict[Stand, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Wanted:
    """What to list. `text`: part of a student's or a sitting's id."""

    exam_id: str | None = None
    stand: Stand | None = None
    text: str = ""
    page: int = 1


async def read(connection: AsyncConnection, teacher: Teacher, wanted: Wanted) -> Page:
    stand = _stand()
    listed = and_(allowed(teacher), _matches(wanted))
    counted = await connection.execute(
        select(stand.label("stand"), func.count()).where(listed).group_by(stand)
    )
    counts: dict[Any, int] = {row[0]: row[1] for row in counted}
    if wanted.stand is not None:
        listed = and_(listed, stand == wanted.stand)
    found = await connection.execute(
        select(
            sittings.c.id,
            sittings.c.user_id,
            sittings.c.exam_id,
            sittings.c.status,
            sittings.c.created_at,
            sittings.c.finished_at,
            sittings.c.released_at,
            sittings.c.flags,
            stand.label("stand"),
        )
        .where(listed)
        .order_by(_rank(stand), sittings.c.created_at.desc(), sittings.c.id)
        .limit(PAGE)
        .offset((wanted.page - 1) * PAGE)
    )
    rows = list(found)
    marked = await marks_of(connection, [row.id for row in rows])
    said = await _open_appeals(connection, [row.id for row in rows])
    lines = [_line(row, marked.get(row.id, []), said.get(row.id, 0)) for row in rows]
    in_all = counts.get(wanted.stand, 0) if wanted.stand else sum(counts.values())
    return Page(lines, in_all, {each: counts.get(each, 0) for each in STANDS})


async def marks_of(
    connection: AsyncConnection, sitting_ids: Sequence[str]
) -> dict[str, list[EffectiveMark]]:
    """The marks that hold, of each of these sittings; without what each grader said."""
    if not sitting_ids:
        return {}
    given: dict[str, list[Mark]] = {}
    columns = [column for column in marks.c if column.name not in ("graders", "grading_id")]
    for row in await connection.execute(
        select(*columns)
        .join(gradings, gradings.c.id == marks.c.grading_id)
        .where(gradings.c.current, marks.c.sitting_id.in_(sitting_ids))
    ):
        values = dict(row._mapping)
        given.setdefault(values.pop("sitting_id"), []).append(Mark(**values, graders=[]))
    words: dict[str, list[Override]] = {}
    for row in await connection.execute(
        select(overrides).where(overrides.c.sitting_id.in_(sitting_ids))
    ):
        words.setdefault(row.sitting_id, []).append(override_from(row))
    return {each: effective(of, words.get(each, [])) for each, of in given.items()}


def override_from(row: Any) -> Override:
    return Override(
        id=row.id,
        question_id=row.question_id,
        old_marks=row.old_marks,
        new_marks=row.new_marks,
        reason=row.reason,
        teacher=row.teacher,
        at=row.at,
    )


def allowed(teacher: Teacher) -> ColumnElement[bool]:
    """Of sittings: those of the teacher's own exams."""
    return literal(True) if teacher.admin else sittings.c.exam_id.in_(sorted(teacher.exams))


def _matches(wanted: Wanted) -> ColumnElement[bool]:
    clauses: list[ColumnElement[bool]] = [literal(True)]
    if wanted.exam_id is not None:
        clauses.append(sittings.c.exam_id == wanted.exam_id)
    if wanted.text:
        clauses.append(
            or_(
                sittings.c.user_id.icontains(wanted.text, autoescape=True),
                sittings.c.id.startswith(wanted.text.lower(), autoescape=True),
            )
        )
    return and_(*clauses)


def _stand() -> ColumnElement[str]:
    """What is to be done with a sitting; the database tells, so that it can sort by it."""
    own = gradings.c.sitting_id == sittings.c.id
    settled = exists().where(
        overrides.c.sitting_id == marks.c.sitting_id,
        overrides.c.question_id == marks.c.question_id,
    )
    flags = cast(marks.c.flags, String)
    asks = exists().where(
        own,
        gradings.c.current,
        marks.c.grading_id == gradings.c.id,
        or_(marks.c.state == "ungraded", flags.not_in([_EMPTY, *_QUIET])),
        ~settled,
    )
    appealed = exists().where(appeals.c.sitting_id == sittings.c.id, appeals.c.state == "open")
    has_marks = exists().where(own, gradings.c.current)
    waits = exists().where(own, gradings.c.state != "done", gradings.c.reason != "regraded")
    over = sittings.c.status.in_(["finished", "abandoned"])
    return case(
        (appealed, "review"),
        (~over, "under_way"),
        (and_(waits, ~has_marks), "waiting"),
        (sittings.c.released_at.is_not(None), "released"),
        (or_(~has_marks, asks), "review"),
        (cast(sittings.c.flags, String) != _EMPTY, "flagged"),
        else_="graded",
    )


def _rank(stand: ColumnElement[str]) -> ColumnElement[int]:
    return case({each: number for number, each in enumerate(STANDS)}, value=stand)


async def _open_appeals(connection: AsyncConnection, sitting_ids: list[str]) -> dict[str, int]:
    if not sitting_ids:
        return {}
    found = await connection.execute(
        select(appeals.c.sitting_id, func.count())
        .where(appeals.c.sitting_id.in_(sitting_ids), appeals.c.state == "open")
        .group_by(appeals.c.sitting_id)
    )
    return {row[0]: row[1] for row in found}


def _line(row: Any, marked: list[EffectiveMark], said: int) -> Line:
    of_marks = [flag for each in marked for flag in each.flags]
    return Line(
        id=row.id,
        user_id=row.user_id,
        exam_id=row.exam_id,
        status=row.status,
        stand=row.stand,
        created_at=row.created_at,
        finished_at=row.finished_at,
        released_at=row.released_at,
        flags=list(dict.fromkeys([*row.flags, *of_marks])),
        total=total(marked),
        out_of=sum(each.out_of for each in marked),
        ungraded=sum(each.marks is None for each in marked),
        appeals=said,
        provisional=any(each.provisional for each in marked),
    )

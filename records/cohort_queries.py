"""Asks the database about all sittings of an exam. Nobody's words leave it."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Table, Text, and_, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from records.elapsed import elapsed_ms
from records.schema import gradings, marks, overrides, sittings, turns, utterances
from records.spread import Spread

_SECONDS_WIDTH = 5
_WAIT_WIDTH_MS = 50
_LONGEST_WAIT_MS = 5000


class Effective(NamedTuple):
    """A mark that holds: the teacher's last one (`own`), else the graders'. `flags`: as JSON."""

    sitting_id: str
    question_id: str
    position: int
    given: float | None
    out_of: float
    own: bool
    provisional: bool
    flags: str


class Prints(NamedTuple):
    """Of what took place in the exams, and of all figures."""

    course: str
    figures: str


@dataclass(frozen=True)
class Seconds:
    """By question."""

    spreads: dict[str, Spread]

    def percentile(self, question_id: str, share: float) -> float | None:
        spread = self.spreads.get(question_id)
        return spread.percentile(share) if spread else None


async def fingerprint(connection: AsyncConnection, exam_id: str) -> Prints:
    """Each is another one as soon as any figure of its kind may be another."""
    version = case((gradings.c.current, gradings.c.version), else_=0)
    counts: list[tuple[Table, list[ColumnElement[Any]]]] = [
        (turns, [func.count()]),
        (utterances, [func.count(utterances.c.started_at)]),
        (gradings, [func.count(gradings.c.finished_at), func.sum(version)]),
        (overrides, [func.count(), func.max(overrides.c.id)]),
    ]
    of_exam = select(sittings.c.id).where(sittings.c.exam_id == exam_id)
    seen = []
    for table, what in counts:
        found = await connection.execute(select(*what).where(table.c.sitting_id.in_(of_exam)))
        seen.append(tuple(found.one()))
    standing = await states(connection, exam_id)
    return Prints(repr((sum(standing[0].values()), *seen[:2])), repr((standing, *seen)))


async def states(connection: AsyncConnection, exam_id: str) -> tuple[dict[str, int], int]:
    """Sittings by status, and how many are released."""
    found = await connection.execute(
        select(sittings.c.status, func.count(), func.count(sittings.c.released_at))
        .where(sittings.c.exam_id == exam_id)
        .group_by(sittings.c.status)
    )
    rows = list(found)
    return {status: count for status, count, _ in rows}, sum(row[2] for row in rows)


async def effective(connection: AsyncConnection, exam_id: str) -> list[Effective]:
    """Of every question of every sitting that is marked, sitting by sitting."""
    last = (
        select(func.max(overrides.c.id).label("id"))
        .join(sittings, sittings.c.id == overrides.c.sitting_id)
        .where(sittings.c.exam_id == exam_id)
        .group_by(overrides.c.sitting_id, overrides.c.question_id)
        .cte("last")
    )
    own = (
        select(overrides.c.sitting_id, overrides.c.question_id, overrides.c.new_marks)
        .join(last, last.c.id == overrides.c.id)
        .cte("own")
    )
    is_own = own.c.new_marks.is_not(None)
    found = await connection.execute(
        select(
            marks.c.sitting_id,
            marks.c.question_id,
            marks.c.position,
            func.coalesce(own.c.new_marks, marks.c.marks),
            marks.c.out_of,
            is_own,
            and_(~is_own, marks.c.provisional),
            cast(marks.c.flags, Text),
        )
        .select_from(sittings)
        .join(gradings, and_(gradings.c.sitting_id == sittings.c.id, gradings.c.current))
        .join(marks, marks.c.grading_id == gradings.c.id)
        .outerjoin(
            own,
            and_(own.c.sitting_id == marks.c.sitting_id, own.c.question_id == marks.c.question_id),
        )
        .where(sittings.c.exam_id == exam_id)
        .order_by(sittings.c.id, marks.c.position)
    )
    return [Effective._make(row) for row in found]


async def seconds(connection: AsyncConnection, exam_id: str) -> Seconds:
    """How long each question took of the exam's clock, which each turn keeps as it ends."""
    before = func.lag(turns.c.used_ms).over(
        partition_by=turns.c.sitting_id, order_by=turns.c.number
    )
    spent = (
        select(
            turns.c.sitting_id,
            turns.c.question_id,
            (turns.c.used_ms - func.coalesce(before, 0)).label("ms"),
        )
        .join(sittings, sittings.c.id == turns.c.sitting_id)
        .where(sittings.c.exam_id == exam_id)
        .cte("spent")
    )
    of_one = (
        select(spent.c.question_id, func.sum(spent.c.ms).label("ms"))
        .where(spent.c.question_id.is_not(None))
        .group_by(spent.c.sitting_id, spent.c.question_id)
        .cte("of_one")
    )
    bucket = cast(of_one.c.ms, Integer).op("/", return_type=Integer())(_SECONDS_WIDTH * 1000)
    found = await connection.execute(
        select(of_one.c.question_id, bucket, func.count()).group_by(of_one.c.question_id, bucket)
    )
    counts: dict[str, list[tuple[int, int]]] = {}
    for question_id, number, count in found:
        counts.setdefault(question_id, []).append((number, count))
    return Seconds({name: Spread.of(each, _SECONDS_WIDTH) for name, each in counts.items()})


async def waits(connection: AsyncConnection, exam_id: str) -> Spread:
    """From an answer's last word to the first sound after it, where that is recorded."""
    wait = elapsed_ms(turns.c.at, utterances.c.started_at)
    bucket = wait.op("/", return_type=Integer())(_WAIT_WIDTH_MS)
    found = await connection.execute(
        select(bucket, func.count())
        .select_from(sittings)
        .join(turns, turns.c.sitting_id == sittings.c.id)
        .join(
            utterances,
            and_(
                utterances.c.sitting_id == turns.c.sitting_id,
                utterances.c.turn == turns.c.number,
                utterances.c.position == 0,
            ),
        )
        .where(
            sittings.c.exam_id == exam_id,
            turns.c.answers_question,
            utterances.c.started_at.is_not(None),
        )
        .group_by(bucket)
    )
    counts = [(number, count) for number, count in found]
    return Spread.of(counts, _WAIT_WIDTH_MS, above=_LONGEST_WAIT_MS // _WAIT_WIDTH_MS)


async def sitting_flags(connection: AsyncConnection, exam_id: str) -> list[tuple[str, int]]:
    """Set in the exam, each with how many sittings have it."""
    flags = cast(sittings.c.flags, Text)
    found = await connection.execute(
        select(flags, func.count()).where(sittings.c.exam_id == exam_id).group_by(flags)
    )
    return count_flags((text, count) for text, count in found)


def count_flags(lists: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """How often each flag is, the most frequent first, of JSON lists and how often each is."""
    counts: Counter[str] = Counter()
    for flags, count in lists:
        for flag in set(json.loads(flags)):
            counts[flag] += count
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

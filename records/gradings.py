"""Gradings: asked for when a sitting closes, held by one grader at a time, stored once.

As with examiners (records/leases.py), a grader shows by a beat that it lives; clocks of machines
are not compared, and whoever was thought dead finds its marks refused.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from records import chain
from records.errors import StaleFence
from records.marking import Cost, Grading, GradingBeat, GradingLease, GradingReason, Mark
from records.model import Json
from records.schema import costs, gradings, marks, sittings


async def ask_for(
    connection: AsyncConnection,
    sitting_id: str,
    reason: GradingReason,
    *,
    questions: Sequence[str] | None = None,
    by: str | None = None,
) -> str:
    """Put a grading in the queue, under the sitting's lock; returns its id.

    One that waits already is widened instead: it has not read anything yet.
    """
    found = await connection.execute(
        select(gradings.c.id, gradings.c.questions).where(
            gradings.c.sitting_id == sitting_id, gradings.c.state == "pending"
        )
    )
    if (waiting := found.one_or_none()) is not None:
        both = None
        if waiting.questions is not None and questions is not None:
            both = [*waiting.questions, *(q for q in questions if q not in waiting.questions)]
        await _set(connection, waiting.id, {"questions": both, "reason": reason})
        return str(waiting.id)
    last = await connection.scalar(
        select(func.max(gradings.c.version)).where(gradings.c.sitting_id == sitting_id)
    )
    grading = Grading(
        id=uuid.uuid4().hex,
        sitting_id=sitting_id,
        version=(last or 0) + 1,
        reason=reason,
        questions=list(questions) if questions is not None else None,
        requested_by=by,
        state="pending",
        current=False,
        provisional=False,
        settings={},
        tries=0,
        fence=0,
        holder=None,
        beat=0,
        created_at=datetime.now(UTC),
        not_before=None,
        finished_at=None,
    )
    await connection.execute(insert(gradings).values(vars(grading)))
    return grading.id


async def call_off(connection: AsyncConnection, sitting_id: str) -> None:
    """The sitting goes on: what waits or is under way for it is gone."""
    await connection.execute(
        delete(gradings).where(gradings.c.sitting_id == sitting_id, gradings.c.state != "done")
    )


async def claim(
    connection: AsyncConnection, holder: str, *, only: Iterable[str] | None = None
) -> tuple[Grading, GradingLease] | None:
    """The one that has waited longest, or None; `only` of these sittings."""
    waits = and_(
        gradings.c.state == "pending",
        or_(gradings.c.not_before.is_(None), gradings.c.not_before <= datetime.now(UTC)),
    )
    if only is not None:
        waits = and_(waits, gradings.c.sitting_id.in_(list(only)))
    found = await connection.execute(
        select(gradings)
        .where(waits)
        .order_by(gradings.c.created_at, gradings.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = found.one_or_none()
    return await _take(connection, Grading(**row._mapping), holder) if row else None


async def beats(connection: AsyncConnection) -> list[GradingBeat]:
    """Every grading under way."""
    found = await connection.execute(
        select(gradings.c.id, gradings.c.fence, gradings.c.beat).where(
            gradings.c.state == "running"
        )
    )
    return [GradingBeat(row.id, row.fence, row.beat) for row in found]


async def take_over(
    connection: AsyncConnection, seen: GradingBeat, holder: str
) -> tuple[Grading, GradingLease] | None:
    """A grading whose beat has stood still since; None: it lives, or is done."""
    found = await connection.execute(
        select(gradings)
        .where(
            gradings.c.id == seen.grading_id,
            gradings.c.state == "running",
            gradings.c.fence == seen.fence,
            gradings.c.beat == seen.beat,
        )
        .with_for_update()
    )
    row = found.one_or_none()
    return await _take(connection, Grading(**row._mapping), holder) if row else None


async def renew(connection: AsyncConnection, lease: GradingLease) -> None:
    """Show that the grader lives. Raises StaleFence when it was taken over, or called off."""
    changed = await connection.execute(
        update(gradings).where(_held(lease)).values(beat=gradings.c.beat + 1)
    )
    if changed.rowcount == 0:
        raise _stale(lease)


async def give_back(
    connection: AsyncConnection, lease: GradingLease, not_before: datetime | None
) -> None:
    """Unfinished: somebody takes it up again, not before that time."""
    await connection.execute(
        update(gradings)
        .where(_held(lease))
        .values(state="pending", holder=None, not_before=not_before)
    )


async def finish(
    connection: AsyncConnection,
    lease: GradingLease,
    given: Sequence[Mark],
    paid: Sequence[Cost],
    *,
    provisional: bool,
    settings: Json,
) -> None:
    """Store the marks and what they cost, or nothing. Raises StaleFence."""
    now = datetime.now(UTC)
    # The sitting's lock, under which the chain grows.
    await connection.execute(
        select(sittings.c.id).where(sittings.c.id == lease.sitting_id).with_for_update()
    )
    await connection.execute(
        update(gradings)
        .where(gradings.c.sitting_id == lease.sitting_id, gradings.c.current)
        .values(current=False)
    )
    changed = await connection.execute(
        update(gradings)
        .where(_held(lease))
        .values(
            state="done",
            current=True,
            provisional=provisional,
            settings=settings,
            holder=None,
            finished_at=now,
        )
    )
    if changed.rowcount == 0:
        raise _stale(lease)
    if given:
        own = {"grading_id": lease.grading_id, "sitting_id": lease.sitting_id}
        await connection.execute(insert(marks), [vars(mark) | own for mark in given])
    for cost in paid:
        await note_cost(connection, lease.sitting_id, cost)
    version = await connection.scalar(
        select(gradings.c.version).where(gradings.c.id == lease.grading_id)
    )
    assert version is not None
    await chain.add(connection, lease.sitting_id, "grading", version)


async def note_cost(connection: AsyncConnection, sitting_id: str, cost: Cost) -> None:
    """Keep it, in the place of an earlier one of its key."""
    where = and_(costs.c.sitting_id == sitting_id, costs.c.key == cost.key)
    values = vars(cost) | {"at": datetime.now(UTC)}
    changed = await connection.execute(update(costs).where(where).values(values))
    if changed.rowcount == 0:
        await connection.execute(insert(costs).values(sitting_id=sitting_id, **values))


async def _take(
    connection: AsyncConnection, grading: Grading, holder: str
) -> tuple[Grading, GradingLease]:
    fence = grading.fence + 1
    values: Json = {"fence": fence, "holder": holder, "tries": grading.tries + 1}
    await _set(connection, grading.id, values | {"state": "running"})
    taken = Grading(**(vars(grading) | values | {"state": "running"}))
    return taken, GradingLease(grading.id, grading.sitting_id, fence)


def _held(lease: GradingLease) -> ColumnElement[bool]:
    return and_(
        gradings.c.id == lease.grading_id,
        gradings.c.state == "running",
        gradings.c.fence == lease.fence,
    )


def _stale(lease: GradingLease) -> StaleFence:
    return StaleFence(f"Grading {lease.grading_id} is no longer held by fence {lease.fence}.")


async def _set(connection: AsyncConnection, grading_id: str, values: Json) -> None:
    await connection.execute(update(gradings).where(gradings.c.id == grading_id).values(values))

"""Gradings: asked for when a sitting closes, held by one grader at a time, stored once.

As with examiners (records/leases.py), a grader shows by a beat that it lives; clocks of machines
are not compared, and whoever was thought dead finds its marks refused.
"""

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    ColumnElement,
    TableClause,
    and_,
    column,
    delete,
    func,
    insert,
    inspect,
    not_,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from records import chain
from records.engine import CHECKPOINT_TABLES
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
    paper: Json | None = None,
) -> str:
    """Put a grading in the queue, under the sitting's lock; returns its id.

    One that waits already is widened instead, if nobody ever took it up: it has not read anything
    yet. A regrading stays apart, since its marks are only proposed; `paper` is for it, any other
    is marked by the key of the marks that hold.
    """
    regrades = gradings.c.reason == "regraded"
    found = await connection.execute(
        select(gradings.c.id, gradings.c.questions, gradings.c.version).where(
            gradings.c.sitting_id == sitting_id,
            gradings.c.state == "pending",
            gradings.c.tries == 0,
            regrades if reason == "regraded" else not_(regrades),
        )
    )
    held = await connection.execute(
        select(gradings.c.paper).where(gradings.c.sitting_id == sitting_id, gradings.c.current)
    )
    before = held.one_or_none()
    if before is None:
        # There is nothing to take the other marks over from.
        questions = None
    if reason != "regraded":
        paper = before.paper if before else None
    last = await connection.scalar(
        select(func.max(gradings.c.version)).where(gradings.c.sitting_id == sitting_id)
    )
    version = (last or 0) + 1
    if (waiting := found.one_or_none()) is not None:
        both = None
        if waiting.questions is not None and questions is not None:
            both = [*waiting.questions, *(q for q in questions if q not in waiting.questions)]
        values: Json = {"questions": both, "reason": reason, "paper": paper}
        if waiting.version != last:
            # What was asked for since may have been marked without what is asked for now.
            values["version"] = version
        await _set(connection, waiting.id, values)
        return str(waiting.id)
    grading = Grading(
        id=uuid.uuid4().hex,
        sitting_id=sitting_id,
        version=version,
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
        paper=paper,
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
    """The one that has waited longest, or None; `only` of these sittings, put off or not."""
    due: ColumnElement[bool]
    if only is not None:
        due = gradings.c.sitting_id.in_(list(only))
    else:
        due = or_(gradings.c.not_before.is_(None), gradings.c.not_before <= datetime.now(UTC))
    waits = and_(gradings.c.state == "pending", due)
    found = await connection.execute(
        select(gradings)
        .where(waits)
        .order_by(gradings.c.created_at, gradings.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = found.one_or_none()
    return await _take(connection, Grading(**row._mapping), holder) if row else None


async def sweep(connection: AsyncConnection) -> None:
    """Remove what graders kept of gradings that are over, or gone with their sittings."""
    live = select(gradings.c.id).where(gradings.c.state != "done")
    for kept in await _checkpoints(connection):
        thread = kept.c.thread_id
        of_nobody = and_(thread.not_in(live), thread.not_in(select(sittings.c.id)))
        await connection.execute(delete(kept).where(of_nobody))


async def _checkpoints(connection: AsyncConnection) -> list[TableClause]:
    """Those tables that were made."""
    there = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    names = CHECKPOINT_TABLES[connection.dialect.name]
    return [table(name, column("thread_id")) for name in names if name in there]


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
    """Store the marks and what they cost, or nothing; the grader's checkpoints go. Raises
    StaleFence."""
    now = datetime.now(UTC)
    # The sitting's lock, under which the chain grows.
    await connection.execute(
        select(sittings.c.id).where(sittings.c.id == lease.sitting_id).with_for_update()
    )
    found = await connection.execute(
        select(gradings.c.version, gradings.c.reason).where(_held(lease))
    )
    if (held := found.one_or_none()) is None:
        raise _stale(lease)
    version: int = held.version
    holds = held.reason != "regraded" and await _is_newest(connection, lease.sitting_id, version)
    changed = await connection.execute(
        update(gradings)
        .where(_held(lease))
        .values(
            state="done",
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
    for kept in await _checkpoints(connection):
        await connection.execute(delete(kept).where(kept.c.thread_id == lease.grading_id))
    await chain.add(connection, lease.sitting_id, "grading", version)
    if holds:
        await make_current(connection, lease.sitting_id, lease.grading_id)


async def make_current(connection: AsyncConnection, sitting_id: str, grading_id: str) -> None:
    """From now on the marks of this grading hold. Under the sitting's lock."""
    await connection.execute(
        update(gradings)
        .where(gradings.c.sitting_id == sitting_id, gradings.c.current)
        .values(current=False)
    )
    await _set(connection, grading_id, {"current": True})
    await chain.add(connection, sitting_id, "current")


async def _is_newest(connection: AsyncConnection, sitting_id: str, version: int) -> bool:
    """Whether no marks hold that were asked for later."""
    holding = await connection.scalar(
        select(gradings.c.version).where(gradings.c.sitting_id == sitting_id, gradings.c.current)
    )
    return holding is None or holding < version


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

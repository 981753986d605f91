"""Who examines a sitting: one holder at a time, known to live by a beat that goes on rising.

Clocks of different machines are never compared: whoever waits for a lease watches its beat by a
clock of its own, and may break one that has stood still. The fence makes that safe: a holder that
was only slow finds its next write refused.
"""

from datetime import UTC, datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from records import audit, chain, gradings, releasing
from records import turns as commits
from records.errors import NotAbandoned, SittingHeld, SittingOver, StaleFence
from records.model import Json, Lease, LeaseBeat, Sitting
from records.schema import leases, sittings, turns

#: How often a holder renews, and how long a beat may stand still before it counts as dead.
RENEW_S = 1.0
EXPIRES_S = 3.0

_UNFINISHED = ("open", "running")
#: Who takes a result back where no teacher did it.
_OPERATOR = "the operator"


async def claim(connection: AsyncConnection, sitting_id: str, holder: str) -> Lease:
    """As `Records.claim`, inside a writing transaction."""
    held = await commits.hold(connection, sitting_id)
    if held.status not in _UNFINISHED:
        raise SittingOver(f"Sitting {sitting_id} is {held.status}.")
    if (beat := await _beat(connection, sitting_id)) is not None:
        raise SittingHeld(f"Sitting {sitting_id} has an examiner.", beat)
    lease = Lease(sitting_id, held.fence + 1, holder)
    values: Json = {"fence": lease.fence}
    if held.status == "open":
        values |= {"status": "running", "started_at": datetime.now(UTC)}
    await _set(connection, sitting_id, values)
    if held.status == "open":
        await chain.add(connection, sitting_id, "state")
    await connection.execute(insert(leases).values(beat=0, **vars(lease)))
    return lease


async def renew(connection: AsyncConnection, lease: Lease) -> None:
    """As `Records.renew`."""
    changed = await connection.execute(
        update(leases).where(_is(lease.sitting_id, lease.fence)).values(beat=leases.c.beat + 1)
    )
    if changed.rowcount == 0:
        raise StaleFence(f"Sitting {lease.sitting_id} is no longer held by fence {lease.fence}.")


async def release(connection: AsyncConnection, lease: Lease) -> None:
    """As `Records.release`."""
    await connection.execute(delete(leases).where(_is(lease.sitting_id, lease.fence)))


async def beats(connection: AsyncConnection) -> list[LeaseBeat]:
    found = await connection.execute(select(leases.c.sitting_id, leases.c.fence, leases.c.beat))
    return [LeaseBeat(**row._mapping) for row in found]


async def break_lease(connection: AsyncConnection, seen: LeaseBeat) -> bool:
    """As `Records.break_lease`, inside a writing transaction."""
    gone = await connection.execute(
        delete(leases).where(_is(seen.sitting_id, seen.fence), leases.c.beat == seen.beat)
    )
    if gone.rowcount == 0:
        return False
    # The holder may only have been slow: what it still writes is refused from here on.
    await _set(connection, seen.sitting_id, {"fence": seen.fence + 1})
    return True


async def unattended(connection: AsyncConnection) -> list[Sitting]:
    """As `Records.unattended`."""
    found = await connection.execute(
        select(*(column for column in sittings.c if column is not sittings.c.paper))
        .outerjoin(leases, leases.c.sitting_id == sittings.c.id)
        .where(sittings.c.status.in_(_UNFINISHED), leases.c.sitting_id.is_(None))
        .order_by(sittings.c.created_at)
    )
    return [Sitting(**row._mapping, paper={}) for row in found]


async def abandon(connection: AsyncConnection, sitting_id: str, fence: int) -> None:
    """As `Records.abandon`, inside a writing transaction."""
    held = await commits.hold(connection, sitting_id, fence)
    if held.status not in _UNFINISHED:
        raise SittingOver(f"Sitting {sitting_id} is {held.status}.")
    begun = await connection.execute(
        select(turns.c.number).where(turns.c.sitting_id == sitting_id).limit(1)
    )
    if begun.first() is None:
        return
    await _set(
        connection,
        sitting_id,
        {
            "status": "abandoned",
            "finished_at": datetime.now(UTC),
            "flags": [*held.flags, *({"abandoned"} - set(held.flags))],
        },
    )
    await chain.add(connection, sitting_id, "state")
    await gradings.ask_for(connection, sitting_id, "closed")


async def reopen(connection: AsyncConnection, sitting_id: str, by: str | None = None) -> None:
    """As `Records.reopen`, inside a writing transaction. `by`: the teacher, where one did it."""
    held = await commits.hold(connection, sitting_id)
    if held.status != "abandoned":
        raise NotAbandoned(f"Sitting {sitting_id} is {held.status}, not abandoned.")
    status = "open" if held.started_at is None else "running"
    try:
        await _set(connection, sitting_id, {"status": status, "finished_at": None})
    except IntegrityError:
        raise NotAbandoned(
            "The student has another sitting of this exam open: it must end first."
        ) from None
    await chain.add(connection, sitting_id, "state")
    await gradings.call_off(connection, sitting_id)
    # Its student sees no result of an exam that goes on.
    await releasing.withdraw(connection, sitting_id, by or _OPERATOR)
    await audit.note(connection, "reopen", sitting_id, {}, by)


async def _beat(connection: AsyncConnection, sitting_id: str) -> LeaseBeat | None:
    found = await connection.execute(
        select(leases.c.sitting_id, leases.c.fence, leases.c.beat).where(
            leases.c.sitting_id == sitting_id
        )
    )
    row = found.one_or_none()
    return LeaseBeat(**row._mapping) if row else None


def _is(sitting_id: str, fence: int) -> ColumnElement[bool]:
    return and_(leases.c.sitting_id == sitting_id, leases.c.fence == fence)


async def _set(connection: AsyncConnection, sitting_id: str, values: Json) -> None:
    await connection.execute(update(sittings).where(sittings.c.id == sitting_id).values(values))

"""Who gave a student the result, and who took it back: every time is kept, tied into the chain.

All run inside a writing transaction, and lock the sitting first.
"""

from datetime import UTC, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from records import chain
from records import turns as commits
from records.desk_queue import marks_of
from records.effective import total
from records.errors import NotMarked
from records.schema import releases, sittings


async def release(connection: AsyncConnection, sitting_id: str, teacher: str) -> None:
    """Give the student the result. Raises NotMarked, UnknownSitting."""
    held = await commits.hold(connection, sitting_id)
    marked = (await marks_of(connection, [sitting_id])).get(sitting_id, [])
    if held.status not in ("finished", "abandoned") or total(marked) is None:
        raise NotMarked("Not every answer of this sitting is marked: its result cannot be given.")
    await _note_release(connection, sitting_id, "released", teacher, datetime.now(UTC))


async def withdraw(connection: AsyncConnection, sitting_id: str, teacher: str) -> None:
    """Take a result back: the student does not see it any more. Raises UnknownSitting."""
    await commits.hold(connection, sitting_id)
    await _note_release(connection, sitting_id, "withdrawn", teacher, None)


async def _note_release(
    connection: AsyncConnection, sitting_id: str, action: str, teacher: str, at: datetime | None
) -> None:
    now = await connection.scalar(select(sittings.c.released_at).where(sittings.c.id == sitting_id))
    if (now is None) == (at is None):
        # It is so already.
        return
    await connection.execute(
        update(sittings).where(sittings.c.id == sitting_id).values(released_at=at)
    )
    made = await connection.execute(
        insert(releases)
        .values(sitting_id=sitting_id, action=action, teacher=teacher, at=at or datetime.now(UTC))
        .returning(releases.c.id)
    )
    await chain.add(connection, sitting_id, "release", made.scalar_one())

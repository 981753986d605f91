"""What was done to the records by hand, and changes of consent: what, to what, when, by whom.

Never a student's words or name: a sitting, an exam, an invitation, or a hash of the user id.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from records.model import Json
from records.schema import audit


@dataclass(frozen=True)
class Act:
    at: datetime
    action: str
    subject: str
    detail: Json


async def note(
    connection: AsyncConnection, action: str, subject: str, detail: Json, by: str | None = None
) -> None:
    """In the transaction of what is done. `by`: the teacher; None: whoever has a terminal there."""
    whole = detail | ({} if by is None else {"teacher": by})
    await connection.execute(
        insert(audit).values(at=datetime.now(UTC), action=action, subject=subject, detail=whole)
    )


async def read(connection: AsyncConnection, limit: int, subject: str | None = None) -> list[Act]:
    """The newest first; `subject`: those of that sitting or exam only."""
    wanted = select(audit.c.at, audit.c.action, audit.c.subject, audit.c.detail)
    if subject is not None:
        wanted = wanted.where(audit.c.subject == subject)
    found = await connection.execute(wanted.order_by(audit.c.id.desc()).limit(limit))
    return [Act(**row._mapping) for row in found]

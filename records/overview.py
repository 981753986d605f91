"""How many sittings are under way, and how many broke off: for whoever watches over all of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, func, or_, select

from records.engine import open_engine, reading
from records.schema import leases, sittings, turns

#: A sitting that was begun and is not over counts as lost when nothing has happened for so long.
LOST_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Overview:
    """`held`: sittings with an examiner. `lost`: begun, not over, without one, and long silent."""

    held: int
    lost: int


async def count_sittings(database_url: str, now: datetime) -> Overview:
    """Raises RecordsError."""
    before = now - LOST_AFTER
    lately = exists().where(and_(turns.c.sitting_id == sittings.c.id, turns.c.at >= before))
    lost = (
        select(func.count())
        .select_from(sittings.outerjoin(leases, leases.c.sitting_id == sittings.c.id))
        .where(
            sittings.c.status == "running",
            leases.c.sitting_id.is_(None),
            or_(sittings.c.started_at.is_(None), sittings.c.started_at < before),
            ~lately,
        )
    )
    engine = open_engine(database_url)
    try:
        async with reading(engine) as connection:
            held = await connection.scalar(select(func.count()).select_from(leases))
            return Overview(held=int(held or 0), lost=int(await connection.scalar(lost) or 0))
    finally:
        await engine.dispose()

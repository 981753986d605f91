"""Removes sittings for good: a student's on request, and all when their time has come.

With a sitting goes all that hangs on it, the checkpoints of examiner and graders too, which lie
beside the records, and the files of its sound. What was done stays in `audit`: never words, and a
student only as a hash.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    and_,
    column,
    delete,
    func,
    inspect,
    or_,
    select,
    table,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from records import audit
from records.engine import open_engine, reading, writing
from records.errors import RecordingUnavailable, SittingRuns
from records.migrate import check_head
from records.schema import gradings, invitations, leases, metadata, segments, sittings, turns
from records.sound_files import SoundFiles

#: The examiner's, made by LangGraph on SQLite or on Postgres; one that was never made is passed.
CHECKPOINT_TABLES = ("writes", "checkpoint_writes", "checkpoint_blobs", "checkpoints")
#: Sittings in one transaction: running exams wait for it.
BATCH = 20

#: What hangs on a sitting, those first that refer to others.
_HANGING = [each for each in reversed(metadata.sorted_tables) if "sitting_id" in each.c]


@dataclass(frozen=True)
class Erased:
    """`rows`: how many were removed, by the table's name."""

    sittings: list[str]
    rows: dict[str, int]

    @property
    def invitations(self) -> int:
        return self.rows.get(invitations.name, 0)


def user_hash(user_id: str) -> str:
    """How the audit names a student: to be compared with, not to be read."""
    return hashlib.sha256(user_id.encode()).hexdigest()


async def delete_user(
    url: str, user_id: str, *, force: bool = False, files: SoundFiles | None = None
) -> Erased:
    """Remove all of one student, in one transaction: sittings and invitations.

    `files`: where the sound is, which goes first. Raises SittingRuns while an exam is under way,
    unless `force`: its examiner finds it gone; RecordingUnavailable when the sound would stay.
    """
    async with _database(url) as engine:
        async with reading(engine) as connection:
            ids = await _own(connection, user_id, force)
        await _remove_sound(engine, files, ids)
        erased = await _delete_rows(engine, user_id, force)
        # One who is examined all the same may have been recorded meanwhile.
        await _remove_files(files, erased.sittings)
        return erased


async def _own(
    connection: AsyncConnection, user_id: str, force: bool, *, lock: bool = False
) -> list[str]:
    wanted = (
        select(sittings.c.id, sittings.c.status)
        .where(sittings.c.user_id == user_id)
        .order_by(sittings.c.created_at)
    )
    own = list(await connection.execute(wanted.with_for_update() if lock else wanted))
    if not force and any(sitting.status == "running" for sitting in own):
        raise SittingRuns("This student is in an exam: wait for its end, or say --force.")
    return [sitting.id for sitting in own]


async def _delete_rows(engine: AsyncEngine, user_id: str, force: bool) -> Erased:
    async with _erasing(engine) as connection:
        ids = await _own(connection, user_id, force, lock=True)
        rows = await _remove(connection, ids)
        rows[invitations.name] = await _delete(
            connection, invitations, invitations.c.user_id == user_id
        )
        if any(rows.values()):
            await audit.note(
                connection, "delete", user_hash(user_id), {"sittings": ids, "rows": rows}
            )
        return Erased(ids, rows)


async def expired(url: str, days: int) -> list[str]:
    """The sittings that `purge` would remove."""
    async with _database(url) as engine, reading(engine) as connection:
        found = await connection.execute(
            select(sittings.c.id).where(_over(_before(days))).order_by(sittings.c.created_at)
        )
        return [row.id for row in found]


async def purge(url: str, days: int, *, files: SoundFiles | None = None) -> Erased:
    """Remove what ended longer ago than that, and invitations that by then led to no sitting.

    A sitting that never ended, and that nobody examines, counts from its last turn.
    """
    before = _before(days)
    gone: list[str] = []
    rows: dict[str, int] = {}
    async with _database(url) as engine:
        async with reading(engine) as connection:
            due = list(await connection.scalars(select(sittings.c.id).where(_over(before))))
        await _remove_sound(engine, files, due)
        while ids := await _purge_some(engine, before, days, rows):
            gone += ids
        async with _erasing(engine) as connection:
            rows[invitations.name] = await _purge_invitations(connection, before, days)
        await _remove_files(files, gone)
    return Erased(gone, rows)


async def _remove_sound(engine: AsyncEngine, files: SoundFiles | None, ids: Sequence[str]) -> None:
    """Before the rows that tell of it: what fails in between is done by the next try."""
    async with reading(engine) as connection:
        recorded = await connection.scalars(
            select(segments.c.sitting_id).where(segments.c.sitting_id.in_(ids)).distinct()
        )
    there = list(recorded)
    if there and files is None:
        raise RecordingUnavailable("There is sound, but RECORDINGS_URL does not tell where.")
    await _remove_files(files, there)


async def _remove_files(files: SoundFiles | None, ids: Sequence[str]) -> None:
    if files is not None:
        for sitting_id in ids:
            await asyncio.to_thread(files.remove, sitting_id)


async def _purge_some(
    engine: AsyncEngine, before: datetime, days: int, rows: dict[str, int]
) -> list[str]:
    async with _erasing(engine) as connection:
        found = await connection.execute(
            select(sittings.c.id).where(_over(before)).limit(BATCH).with_for_update()
        )
        ids = [row.id for row in found]
        for name, count in (await _remove(connection, ids)).items():
            rows[name] = rows.get(name, 0) + count
        for sitting_id in ids:
            await audit.note(connection, "purge", sitting_id, {"days": days})
        return ids


async def _purge_invitations(connection: AsyncConnection, before: datetime, days: int) -> int:
    led_somewhere = select(sittings.c.invitation).where(sittings.c.invitation.is_not(None))
    found = await connection.execute(
        select(invitations.c.jti).where(
            invitations.c.expires_at < before, invitations.c.jti.not_in(led_somewhere)
        )
    )
    unused = [row.jti for row in found]
    for jti in unused:
        await _delete(connection, invitations, invitations.c.jti == jti)
        await audit.note(connection, "purge", jti, {"days": days, "invitation": True})
    return len(unused)


def _before(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def _over(before: datetime) -> ColumnElement[bool]:
    last_turn = select(func.max(turns.c.at)).where(turns.c.sitting_id == sittings.c.id)
    return or_(
        sittings.c.finished_at < before,
        and_(
            sittings.c.finished_at.is_(None),
            sittings.c.created_at < before,
            sittings.c.id.not_in(select(leases.c.sitting_id)),
            func.coalesce(last_turn.scalar_subquery(), sittings.c.created_at) < before,
        ),
    )


async def _remove(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, int]:
    """These sittings with all that hangs on them; how many rows of each table."""
    rows: dict[str, int] = {}
    if not ids:
        return rows
    graded = await connection.scalars(select(gradings.c.id).where(gradings.c.sitting_id.in_(ids)))
    threads = [*ids, *graded]
    for name in await connection.run_sync(_checkpoint_tables):
        kept = table(name, column("thread_id"))
        rows[name] = await _delete(connection, kept, kept.c.thread_id.in_(threads))
    for each in _HANGING:
        rows[each.name] = await _delete(connection, each, each.c.sitting_id.in_(ids))
    rows[sittings.name] = await _delete(connection, sittings, sittings.c.id.in_(ids))
    return rows


async def _delete(
    connection: AsyncConnection, rows: FromClause, condition: ColumnElement[bool]
) -> int:
    return int((await connection.execute(delete(rows).where(condition))).rowcount)  # type: ignore[arg-type]


def _checkpoint_tables(connection: Connection) -> list[str]:
    there = set(inspect(connection).get_table_names())
    return [name for name in CHECKPOINT_TABLES if name in there]


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(url)
    try:
        async with reading(engine) as connection:
            await connection.run_sync(check_head)
        yield engine
        if engine.dialect.name == "sqlite":
            await _empty_log(engine)
    finally:
        await engine.dispose()


@asynccontextmanager
async def _erasing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with writing(engine) as connection:
        if engine.dialect.name == "sqlite":
            # Or what was removed would stay in the file until something is written over it.
            await connection.exec_driver_sql("PRAGMA secure_delete = ON")
        yield connection


async def _empty_log(engine: AsyncEngine) -> None:
    """SQLite's log still holds the pages as they were. Not while others read: they do it later."""
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute("PRAGMA busy_timeout = 200")
        await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

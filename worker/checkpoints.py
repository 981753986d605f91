"""Where an examiner's checkpoints are kept: beside the records, while it holds the sitting.

The database itself compares the examiner's fence with the sitting's, in the transaction of each
write: an examiner that was replaced while it stood still writes nothing any more.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import aiosqlite
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from exam_graph.graph import Checkpoints, build_checkpoints
from records.engine import CHECKPOINT_TABLES, parse, sqlite_file, sqlite_pragmas
from records.failure import failure
from worker.fenced import Fenced

# Of this connection only. A sitting that is not there has no fence, and no fence is equal to that.
_FENCE = """
CREATE TEMP TRIGGER fence_{table} BEFORE INSERT ON main.{table}
WHEN (SELECT fence FROM main.sittings WHERE id = NEW.thread_id) IS NOT {fence:d}
BEGIN SELECT RAISE(ABORT, 'stale fence'); END
"""


@contextlib.asynccontextmanager
async def open_checkpoints(
    database_url: str, sitting_id: str, fence: int
) -> AsyncIterator[Checkpoints]:
    """The checkpoints of a sitting, as of the one who holds it under `fence`.

    Writing raises StaleFence when another has claimed the sitting since. What keeps the database
    from working is RecordsUnavailable, here and later.
    """
    url = parse(database_url)
    # None: a checkpoint may hold plain values only, and no class is made of what is read.
    serde = JsonPlusSerializer(allowed_msgpack_modules=None)
    if file := sqlite_file(url):
        async with _in_file(file, sitting_id, fence, serde) as saver:
            yield build_checkpoints(saver)
        return
    # Its driver takes memory that an exam on SQLite need not carry.
    from worker.checkpoints_postgres import in_postgres

    async with in_postgres(url, sitting_id, fence, serde) as saver:
        yield build_checkpoints(saver)


@contextlib.asynccontextmanager
async def _in_file(
    file: Path, sitting_id: str, fence: int, serde: JsonPlusSerializer
) -> AsyncIterator[Fenced]:
    async with contextlib.AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(
                aiosqlite.connect(_existing(file), uri=True)
            )
            for pragma in sqlite_pragmas():
                await connection.execute(pragma)
            saver = _FileSaver(connection, serde=serde).held(sitting_id, fence)
            await saver.setup()
            for table in CHECKPOINT_TABLES["sqlite"]:
                await connection.execute(_FENCE.format(table=table, fence=fence))
        except (sqlite3.Error, OSError) as error:
            raise failure(error) from error
        yield saver


def _existing(file: Path) -> str:
    """Not made when it is missing: an exam whose database is gone is no new exam."""
    return f"{file.absolute().as_uri()}?mode=rw"


class _FileSaver(Fenced, AsyncSqliteSaver):
    @contextlib.asynccontextmanager
    async def guarded(self) -> AsyncIterator[None]:
        try:
            yield
        except BaseException as error:
            # A write that failed has begun a transaction, which may hold the lock of the file.
            await asyncio.shield(self._roll_back())
            if not isinstance(error, sqlite3.Error):
                raise
            if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
                raise self.stale() from error
            raise failure(error) from error

    async def _roll_back(self) -> None:
        async with self.lock:
            # A connection that is closed has nothing to roll back.
            with contextlib.suppress(sqlite3.Error, ValueError):
                await self.conn.rollback()

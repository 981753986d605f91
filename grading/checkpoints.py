"""Where the replies of a grading are kept while it is under way: beside the records.

The database compares the grader's fence with the grading's at each write: a grader that was
replaced while it stood still keeps nothing any more. What it keeps goes when the marks are stored.
"""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator

import aiosqlite
import psycopg
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from records.engine import CHECKPOINT_TABLES, parse, sqlite_file, sqlite_pragmas
from records.errors import StaleFence
from records.failure import failure
from records.fencing import STALE
from records.marking import GradingLease

# Of this connection only. A grading that is not there has no fence, and no fence equals that.
_FENCE = """
CREATE TEMP TRIGGER fence_{table} BEFORE INSERT ON main.{table}
WHEN (SELECT fence FROM main.gradings WHERE id = NEW.thread_id AND state = 'running')
    IS NOT {fence:d}
BEGIN SELECT RAISE(ABORT, 'stale fence'); END
"""


@contextlib.asynccontextmanager
async def open_checkpoints(
    database_url: str, lease: GradingLease
) -> AsyncIterator[BaseCheckpointSaver[str]]:
    """Inside, and here, what keeps the database from working is RecordsUnavailable, and StaleFence
    that another has taken the grading over."""
    url = parse(database_url)
    # None: a checkpoint may hold plain values only, and no class is made of what is read.
    serde = JsonPlusSerializer(allowed_msgpack_modules=None)
    with _told(lease):
        if (file := sqlite_file(url)) is None:
            from grading.checkpoints_postgres import in_postgres

            async with in_postgres(url, lease.fence, serde) as saver:
                yield saver
            return
        # Not made when it is missing.
        address = f"{file.absolute().as_uri()}?mode=rw"
        async with aiosqlite.connect(address, uri=True) as connection:
            for pragma in sqlite_pragmas():
                await connection.execute(pragma)
            in_file = AsyncSqliteSaver(connection, serde=serde)
            await in_file.setup()
            for table in CHECKPOINT_TABLES["sqlite"]:
                await connection.execute(_FENCE.format(table=table, fence=lease.fence))
            try:
                yield in_file
            finally:
                # A graph that is cut off does not wait for what it writes. The write that is under
                # way ends first, and none begins while the file is closed: its transaction would
                # keep the file locked for all others.
                async with in_file.lock:
                    await connection.rollback()
                    await connection.close()


@contextlib.contextmanager
def _told(lease: GradingLease) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, psycopg.Error, OSError) as error:
        code = getattr(error, "sqlite_errorcode", None)
        stale = code == sqlite3.SQLITE_CONSTRAINT_TRIGGER or getattr(error, "sqlstate", "") == STALE
        if stale:
            raise StaleFence(f"Grading {lease.grading_id} was taken over by another.") from error
        raise failure(error) from error

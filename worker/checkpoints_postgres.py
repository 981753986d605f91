"""Checkpoints in Postgres: LangGraph's tables, with a trigger that knows the sitting's fence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import psycopg
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.engine import URL

from records.engine import (
    ANSWER_TIMEOUT_S,
    CHECKPOINT_TABLES,
    postgres_arguments,
    postgres_url,
)
from records.failure import failure
from worker.fenced import Fenced

_TABLES = CHECKPOINT_TABLES["postgresql"]
#: Of the advisory lock under which one examiner makes the tables and the others wait.
_LOCK = 0x766F786370
_STALE = "VX001"
_FENCED = """
SELECT count(*) AS fenced FROM pg_trigger
WHERE tgname = 'voxam_fence' AND pg_table_is_visible(tgrelid)
"""
# FOR SHARE: a claim waits for a write that was allowed, and finds it when it reads what is kept.
_FENCE = [
    f"""
    CREATE OR REPLACE FUNCTION voxam_fence() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
        PERFORM FROM sittings
        WHERE id = NEW.thread_id AND fence::text = current_setting('voxam.fence', true)
        FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'stale fence' USING ERRCODE = '{_STALE}';
        END IF;
        RETURN NEW;
    END $$
    """,
    *(
        f"CREATE OR REPLACE TRIGGER voxam_fence BEFORE INSERT OR UPDATE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION voxam_fence()"
        for table in _TABLES
    ),
]


@contextlib.asynccontextmanager
async def in_postgres(
    url: URL, sitting_id: str, fence: int, serde: JsonPlusSerializer
) -> AsyncIterator[Fenced]:
    """A saver on a connection of its own, which is made again when it was lost."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            pool = await stack.enter_async_context(_FencedPool(url, fence))
            async with asyncio.timeout(ANSWER_TIMEOUT_S), pool.connection() as connection:
                await _prepare(_PostgresSaver(connection, serde=serde), connection)
        except (psycopg.Error, OSError) as error:
            raise failure(error) from error
        yield _PostgresSaver(pool, serde=serde).held(sitting_id, fence)


async def _prepare(saver: "_PostgresSaver", connection: AsyncConnection[DictRow]) -> None:
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    await saver.setup()
    found = await (await connection.execute(_FENCED)).fetchone()
    if found is None or found["fenced"] < len(_TABLES):
        for statement in _FENCE:
            await connection.execute(statement)


class _FencedPool(AsyncConnectionPool[AsyncConnection[DictRow]]):
    """Each loan is one transaction that says under which fence it writes."""

    def __init__(self, url: URL, fence: int) -> None:
        super().__init__(
            postgres_url(url).render_as_string(hide_password=False),
            kwargs={
                **postgres_arguments(url),
                "autocommit": True,
                "row_factory": dict_row,
            },
            # One examiner writes one checkpoint at a time.
            min_size=1,
            max_size=1,
            check=AsyncConnectionPool.check_connection,
            timeout=5.0,
            # Longer attempts wait longer and longer; who asks again begins a new one at once.
            reconnect_timeout=1.0,
            open=False,
        )
        self._fence = str(fence)

    @contextlib.asynccontextmanager
    async def connection(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 -- as the pool has it
    ) -> AsyncIterator[AsyncConnection[DictRow]]:
        async with super().connection(timeout) as connection, connection.transaction():
            # Of the transaction, not of the session: pgbouncer may give that to another.
            await connection.execute("SELECT set_config('voxam.fence', %s, true)", (self._fence,))
            yield connection


class _PostgresSaver(Fenced, AsyncPostgresSaver):
    #: Made in one transaction, which `CONCURRENTLY` would not allow; the tables are new then.
    MIGRATIONS = [  # noqa: RUF012 -- as LangGraph has it
        step.replace("CONCURRENTLY", "") for step in AsyncPostgresSaver.MIGRATIONS
    ]

    @contextlib.asynccontextmanager
    async def guarded(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                yield
        except (psycopg.Error, OSError) as error:
            if getattr(error, "sqlstate", None) == _STALE:
                raise self.stale() from error
            raise failure(error) from error

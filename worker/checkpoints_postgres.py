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

from records import fencing
from records.engine import ANSWER_TIMEOUT_S, postgres_arguments, postgres_url
from records.failure import failure
from worker.fenced import Fenced


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
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (fencing.LOCK,))
    await saver.setup()
    found = await (await connection.execute(fencing.IS_MADE)).fetchone()
    if found is None or not found["made"]:
        for statement in fencing.MAKE:
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
            if getattr(error, "sqlstate", None) == fencing.STALE:
                raise self.stale() from error
            raise failure(error) from error

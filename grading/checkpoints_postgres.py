"""The same in Postgres: LangGraph's tables, with the trigger that knows the fences."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.engine import URL

from records import fencing
from records.engine import ANSWER_TIMEOUT_S, postgres_arguments, postgres_url


@contextlib.asynccontextmanager
async def in_postgres(
    url: URL, fence: int, serde: JsonPlusSerializer
) -> AsyncIterator[AsyncPostgresSaver]:
    """A saver on a connection of its own, which is made again when it was lost."""
    async with _FencedPool(url, fence) as pool:
        async with asyncio.timeout(ANSWER_TIMEOUT_S), pool.connection() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (fencing.LOCK,))
            await _Saver(connection, serde=serde).setup()
            found = await (await connection.execute(fencing.IS_MADE)).fetchone()
            if found is None or not found["made"]:
                for statement in fencing.MAKE:
                    await connection.execute(statement)
        yield _Saver(pool, serde=serde)


class _FencedPool(AsyncConnectionPool[AsyncConnection[DictRow]]):
    """Each loan is one transaction that says under which fence it writes."""

    def __init__(self, url: URL, fence: int) -> None:
        super().__init__(
            postgres_url(url).render_as_string(hide_password=False),
            kwargs={**postgres_arguments(url), "autocommit": True, "row_factory": dict_row},
            min_size=1,
            max_size=1,
            check=AsyncConnectionPool.check_connection,
            timeout=5.0,
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


class _Saver(AsyncPostgresSaver):
    #: Made in one transaction, which `CONCURRENTLY` would not allow; the tables are new then.
    MIGRATIONS = [  # noqa: RUF012 -- as LangGraph has it
        step.replace("CONCURRENTLY", "") for step in AsyncPostgresSaver.MIGRATIONS
    ]

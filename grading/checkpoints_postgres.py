"""The same in Postgres: LangGraph's tables, with the trigger that knows the fences."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from sqlalchemy.engine import URL

from records.engine import ANSWER_TIMEOUT_S
from records.fencing import FencedPool, prepare


@contextlib.asynccontextmanager
async def in_postgres(
    url: URL, fence: int, serde: JsonPlusSerializer
) -> AsyncIterator[AsyncPostgresSaver]:
    """A saver on a connection of its own, which is made again when it was lost."""
    async with FencedPool(url, fence) as pool:
        async with asyncio.timeout(ANSWER_TIMEOUT_S), pool.connection() as connection:
            await prepare(connection, _Saver(connection, serde=serde).setup)
        yield _Saver(pool, serde=serde)


class _Saver(AsyncPostgresSaver):
    #: Made in one transaction, which `CONCURRENTLY` would not allow; the tables are new then.
    MIGRATIONS = [  # noqa: RUF012 -- as LangGraph has it
        step.replace("CONCURRENTLY", "") for step in AsyncPostgresSaver.MIGRATIONS
    ]

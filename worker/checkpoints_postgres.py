"""Checkpoints in Postgres: LangGraph's tables, with a trigger that knows the sitting's fence."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import psycopg
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from sqlalchemy.engine import URL

from records.engine import ANSWER_TIMEOUT_S
from records.failure import failure
from records.fencing import STALE, FencedPool, prepare
from worker.fenced import Fenced


@contextlib.asynccontextmanager
async def in_postgres(
    url: URL, sitting_id: str, fence: int, serde: JsonPlusSerializer
) -> AsyncIterator[Fenced]:
    """A saver on a connection of its own, which is made again when it was lost."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            pool = await stack.enter_async_context(FencedPool(url, fence))
            async with asyncio.timeout(ANSWER_TIMEOUT_S), pool.connection() as connection:
                await prepare(connection, _PostgresSaver(connection, serde=serde).setup)
        except (psycopg.Error, OSError) as error:
            raise failure(error) from error
        yield _PostgresSaver(pool, serde=serde).held(sitting_id, fence)


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
            if getattr(error, "sqlstate", None) == STALE:
                raise self.stale() from error
            raise failure(error) from error

"""How Postgres itself refuses checkpoints of somebody who was replaced: a trigger on their tables.

A thread is named by its sitting, as an examiner's, or by its grading. Whoever writes tells the
fence that it holds, in `voxam.fence`, for each transaction.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool
from sqlalchemy.engine import URL

from records.engine import CHECKPOINT_TABLES, postgres_arguments, postgres_url

#: The state of the error that it raises.
STALE = "VX001"
#: Of the advisory lock under which one makes the tables and the others wait.
_LOCK = 0x766F786370

_TABLES = CHECKPOINT_TABLES["postgresql"]

#: Whether it has to be made, in the column `made`.
_IS_MADE = f"""
SELECT count(*) = {len(_TABLES)} AND bool_and(p.prosrc LIKE '%gradings%') AS made
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgname = 'voxam_fence' AND pg_table_is_visible(t.tgrelid)
"""  # noqa: S608 -- a number

# FOR SHARE: a claim waits for a write that was allowed, and finds it when it reads what is kept.
_MAKE = [
    f"""
    CREATE OR REPLACE FUNCTION voxam_fence() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    BEGIN
        PERFORM FROM sittings
        WHERE id = NEW.thread_id AND fence::text = current_setting('voxam.fence', true)
        FOR SHARE;
        IF FOUND THEN
            RETURN NEW;
        END IF;
        PERFORM FROM gradings
        WHERE id = NEW.thread_id AND fence::text = current_setting('voxam.fence', true)
            AND state = 'running'
        FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'stale fence' USING ERRCODE = '{STALE}';
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


async def prepare(
    connection: AsyncConnection[DictRow], make_tables: Callable[[], Awaitable[None]]
) -> None:
    """See to it that tables and trigger are there, in one transaction; others wait meanwhile."""
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    await make_tables()
    found = await (await connection.execute(_IS_MADE)).fetchone()
    if found is None or not found["made"]:
        for statement in _MAKE:
            await connection.execute(statement)


class FencedPool(AsyncConnectionPool[AsyncConnection[DictRow]]):
    """Each loan is one transaction that says under which fence it writes."""

    def __init__(self, url: URL, fence: int) -> None:
        super().__init__(
            postgres_url(url).render_as_string(hide_password=False),
            kwargs={
                **postgres_arguments(url),
                "autocommit": True,
                "row_factory": dict_row,
            },
            # Who holds a sitting or a grading writes one checkpoint at a time.
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

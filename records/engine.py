"""Opens the database. The only place that knows one database from another."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from records.errors import RecordsUnavailable, SchemaOutdated
from records.failure import failure, forget_row

BUSY_TIMEOUT_MS = 5000
#: Until Postgres has answered a whole transaction, in seconds: it may be there and stand still.
ANSWER_TIMEOUT_S = 15.0
#: How each database is driven where SQLAlchemy waits for it; Postgres's driver can do both.
SYNC_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
_ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
#: Where the worker's checkpoints are, beside the records.
CHECKPOINT_TABLES = {
    "sqlite": ("checkpoints", "writes"),
    "postgresql": ("checkpoints", "checkpoint_blobs", "checkpoint_writes"),
}

_CONNECTING = {
    "connect_timeout": 5,
    # A machine that is gone is noticed within about ten seconds.
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "voxam",
}
_LIMITS_MS = {
    "statement_timeout": 10_000,
    # A process that is stopped in mid-transaction would keep its sitting locked for ever.
    "idle_in_transaction_session_timeout": 5_000,
}
_BOUNCER = "pgbouncer"
_WRITES = "records_writes"

# At DEBUG it logs the values of every statement: students' words and names.
logging.getLogger("aiosqlite").setLevel(logging.INFO)


def parse(url: str) -> URL:
    """The address as SQLAlchemy reads it; raises RecordsUnavailable when it cannot."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    backend = parsed.get_backend_name() if parsed else ""
    # Hosts hand out addresses by either name.
    backend = "postgresql" if backend == "postgres" else backend
    if parsed is None or backend not in SYNC_DRIVERS:
        raise RecordsUnavailable(
            "DATABASE_URL is not a database address such as sqlite:///var/voxam.db "
            "or postgresql://user:password@host/voxam"
        )
    return parsed.set(drivername=backend)


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite database; None for any other."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise RecordsUnavailable("DATABASE_URL names an SQLite database without a file")
    return Path(url.database)


def postgres_url(url: URL) -> URL:
    """The address without what only we understand."""
    return url.difference_update_query([_BOUNCER])


def postgres_arguments(url: URL) -> dict[str, Any]:
    """How psycopg connects. What the address says itself wins.

    `pgbouncer=true` in it: nothing may outlive a transaction, so no statement is prepared, and the
    limits are for the operator to set on the role.
    """
    limits: dict[str, Any] = {"prepare_threshold": None}
    if url.query.get(_BOUNCER) != "true":
        limits = {"options": " ".join(f"-c {name}={ms}" for name, ms in _LIMITS_MS.items())}
    return {name: value for name, value in (_CONNECTING | limits).items() if name not in url.query}


def open_engine(url: str) -> AsyncEngine:
    """An engine on an existing database. Its errors never show the values of a row."""
    parsed = parse(url)
    if (file := sqlite_file(parsed)) is None:
        return create_async_engine(
            postgres_url(parsed).set(drivername=_ASYNC_DRIVERS["postgresql"]),
            hide_parameters=True,
            connect_args=postgres_arguments(parsed),
            # Each exam has an engine of its own, and a server only so many connections.
            pool_size=2,
            max_overflow=8,
            pool_timeout=5,
            pool_pre_ping=True,
        )
    if not file.exists():
        raise SchemaOutdated(f"There is no database at {file}: run python -m records migrate")
    engine = create_async_engine(
        parsed.set(drivername=_ASYNC_DRIVERS["sqlite"]), hide_parameters=True
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def sqlite_pragmas() -> list[str]:
    """What every connection to the file begins with."""
    return [
        # First, since even the change to WAL may meet a lock.
        f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
    ]


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver's own transactions are deferred; `_begin_sqlite` starts ours.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in sqlite_pragmas():
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns to writing fails at once, without waiting for the lock.
    immediate = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction that sees one state. RecordsUnavailable when the database fails."""
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    async with _transaction(engine) as connection:
        yield connection


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction, committed whole or not; what it locks it sees at its newest.

    SQLite's holds the write lock from its beginning.
    """
    async with _transaction(engine.execution_options(**{_WRITES: True})) as connection:
        yield connection


@asynccontextmanager
async def _transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    patience = ANSWER_TIMEOUT_S if engine.dialect.name == "postgresql" else None
    try:
        async with asyncio.timeout(patience), engine.begin() as connection:
            yield connection
    except (IntegrityError, DataError) as error:
        forget_row(error)
        raise
    # JSON that does not read is a row that was damaged.
    except (DBAPIError, TimeoutError, sqlite3.Error, OSError, json.JSONDecodeError) as error:
        raise failure(error) from error

"""Opens the database. The only place that knows one database from another."""

import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from records.errors import RecordsUnavailable, SchemaOutdated

BUSY_TIMEOUT_MS = 5000
_ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
_WRITES = "records_writes"

# At DEBUG it logs the values of every statement: students' words and names.
logging.getLogger("aiosqlite").setLevel(logging.INFO)


def parse(url: str) -> URL:
    """The address as SQLAlchemy reads it; raises RecordsUnavailable when it cannot."""
    try:
        return make_url(url)
    except ArgumentError:
        raise RecordsUnavailable(
            "DATABASE_URL is not a database address such as sqlite:///var/voxam.db"
        ) from None


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite database; None for any other."""
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise RecordsUnavailable("DATABASE_URL names an SQLite database without a file")
    return Path(url.database)


def open_engine(url: str) -> AsyncEngine:
    """An engine on an existing database. Its errors never show the values of a row."""
    parsed = parse(url)
    file = sqlite_file(parsed)
    if file and not file.exists():
        raise SchemaOutdated(f"There is no database at {file}: run python -m records migrate")
    name = parsed.drivername
    engine = create_async_engine(
        parsed.set(drivername=_ASYNC_DRIVERS.get(name, name)),
        hide_parameters=True,
        pool_pre_ping=file is None,
    )
    if file:
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # The driver's own transactions are deferred; `_begin_sqlite` starts ours.
    connection.isolation_level = None
    cursor = connection.cursor()
    # First, since even the change to WAL may meet a lock.
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns to writing fails at once, without waiting for the lock.
    immediate = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction that sees one state. RecordsUnavailable when the database fails."""
    try:
        async with engine.begin() as connection:
            yield connection
    except IntegrityError:
        raise
    except (DBAPIError, TimeoutError, sqlite3.Error, OSError) as error:
        raise RecordsUnavailable(f"The database cannot be used: {_reason(error)}") from error


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One transaction that holds the write lock from its beginning, committed whole or not."""
    async with reading(engine.execution_options(**{_WRITES: True})) as connection:
        yield connection


def _reason(error: Exception) -> str:
    return str(error.orig if isinstance(error, DBAPIError) else error)

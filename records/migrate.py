"""Brings a database to the newest schema, and tells whether it is there."""

import logging
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from records.engine import open_engine, parse, reading, sqlite_file
from records.errors import SchemaOutdated
from records.failure import failure

# At INFO it tells at every look at the schema how it looked.
logging.getLogger("alembic.runtime.migration").setLevel(logging.WARNING)


def migrate(url: str) -> str:
    """Run what is missing, making the database first if need be; returns the newest revision."""
    parsed = parse(url)
    config = _config()
    config.attributes["url"] = parsed
    try:
        if file := sqlite_file(parsed):
            file.parent.mkdir(parents=True, exist_ok=True)
        command.upgrade(config, "head")
    except (DBAPIError, OSError) as error:
        raise failure(error) from error
    return _head()


def check_head(connection: Connection) -> None:
    """Raise SchemaOutdated unless the database is at the newest revision."""
    current = MigrationContext.configure(connection).get_current_revision()
    if current == _head():
        return
    if current is None:
        raise SchemaOutdated("The database has no tables yet: run python -m records migrate")
    raise SchemaOutdated(
        f"The database is at revision {current}, this program needs {_head()}: "
        "run python -m records migrate"
    )


async def open_checked(url: str) -> AsyncEngine:
    """An engine on a database that answers. Raise SchemaOutdated unless every migration was run."""
    engine = open_engine(url)
    try:
        async with reading(engine) as connection:
            await connection.run_sync(check_head)
    except BaseException:
        await engine.dispose()
        raise
    return engine


def _config() -> Config:
    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


@cache
def _head() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "records/migrations holds no migration"
    return head

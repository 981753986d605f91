"""Runs migrations on a plain, synchronous connection. Called by Alembic through records.migrate."""

from typing import Any

from alembic import context
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from records.engine import SYNC_DRIVERS, postgres_arguments, postgres_url
from records.schema import metadata

#: Of the advisory lock under which one process migrates and the others wait.
_LOCK = 0x766F78616D

url = context.config.attributes["url"]
on_postgres = url.get_backend_name() == "postgresql"
arguments: dict[str, Any] = postgres_arguments(url) if on_postgres else {}
engine = create_engine(
    postgres_url(url).set(drivername=SYNC_DRIVERS[url.get_backend_name()]),
    poolclass=NullPool,
    hide_parameters=True,
    connect_args=arguments,
)
with engine.connect() as connection:
    if not on_postgres:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        connection.commit()
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=not on_postgres
    )
    with context.begin_transaction():
        if on_postgres:
            # A table may take longer to change than a statement of an exam may last.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        context.run_migrations()
engine.dispose()

"""Runs migrations on a plain, synchronous connection. Called by Alembic through records.migrate."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from records.schema import metadata

url = context.config.attributes["url"]
drivers = {"postgresql": "postgresql+psycopg"}
engine = create_engine(
    url.set(drivername=drivers.get(url.drivername, url.drivername)), poolclass=NullPool
)
with engine.connect() as connection:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()

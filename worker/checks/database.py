"""Whether the record can be read and written, has the newest schema, and lives in the same time."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, func, insert, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncEngine

from records.engine import open_engine, reading, writing
from records.errors import RecordsError, SchemaOutdated
from records.migrate import check_head
from records.schema import audit
from worker.checks.finding import Finding, failed, ok
from worker.checks.livekit import compare
from worker.checks.settings import DoctorSettings

NAME = "database"


class _UndoneError(Exception):
    """Nothing of the trial is kept."""


async def check_database(settings: DoctorSettings) -> list[Finding]:
    try:
        engine = open_engine(settings.database_url)
        try:
            return await _look(engine)
        finally:
            await engine.dispose()
    except SchemaOutdated as error:
        return [failed(NAME, str(error).rstrip(".") + ".", "python -m records migrate")]
    except RecordsError as error:
        return [
            failed(
                NAME,
                str(error).rstrip(".") + ".",
                "Is the database running, is DATABASE_URL right, may this user write, and is there "
                "room on its disk?",
            )
        ]


async def _look(engine: AsyncEngine) -> list[Finding]:
    async with reading(engine) as connection:
        await connection.run_sync(check_head)
    now = datetime.now(UTC)
    try:
        async with writing(engine) as connection:
            row = {"at": now, "action": "doctor", "subject": "doctor", "detail": {}}
            await connection.execute(insert(audit).values(row))
            raise _UndoneError
    except _UndoneError:
        pass
    found = [ok(NAME, "reached, at the newest schema, and can be written to.")]
    if engine.dialect.name != "sqlite":
        async with reading(engine) as connection:
            told = await connection.scalar(select(type_coerce(func.now(), DateTime(timezone=True))))
        assert told is not None
        found.append(compare(told, "the database"))
    return found

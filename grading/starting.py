"""What comes before any marking: the environment is read, the database is there."""

from pydantic import ValidationError

from grading.settings import Settings
from records.door import run, stop
from records.grading_store import GradingStore


def settings_or_stop() -> Settings:
    """What is wrong is told on stderr, without values, with exit code 1."""
    try:
        return Settings()
    except ValidationError as error:
        stop(
            "\n".join(
                f"{str(each['loc'][0]).upper()} is wrong: {each['msg']}." for each in error.errors()
            )
        )


def checked_or_stop(settings: Settings) -> None:
    """The database can be used, or it is told on stderr, with exit code 1."""
    run(_check(settings.database_url))


async def _check(url: str) -> None:
    store = await GradingStore.open(url)
    await store.close()

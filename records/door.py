"""What the commands of `python -m records` have in common."""

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from records.errors import RecordsError, UnknownSitting
from records.model import Sitting
from records.settings import Settings
from records.store import Records

T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
SittingName = Annotated[str, typer.Argument(help="A sitting's id, its beginning, or `latest`.")]


def run(work: Coroutine[Any, Any, T]) -> T:
    """What comes of it; an error of the records is told in its sentence, with exit code 1."""
    try:
        return asyncio.run(work)
    except RecordsError as error:
        stop(str(error))


def stop(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    sys.exit(1)


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Records]:
    records = await Records.open(settings.database_url)
    try:
        yield records
    finally:
        await records.close()


async def named(records: Records, name: str) -> Sitting:
    """The sitting of that id, or of an id that begins so, or the newest."""
    if name == "latest":
        found = await records.sittings(limit=1)
        if not found:
            raise UnknownSitting("There are no sittings yet.")
        return found[0]
    found = await records.sittings_like(name) if name else []
    if not found:
        raise UnknownSitting(f"There is no sitting {name!r}. See: python -m records list")
    if len(found) > 1:
        raise UnknownSitting(f"More than one sitting begins with {name!r}: give more of its id.")
    return found[0]

"""`python -m records migrate|backup|restore|delete|purge`: the database and what is kept in it."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from records.backup import back_up
from records.backup import restore as put_back
from records.door import AsJson, opened, run, stop
from records.erasure import Erased, delete_user, expired
from records.erasure import purge as purge_expired
from records.errors import RecordsError, SchemaOutdated
from records.migrate import migrate as run_migrations
from records.settings import Settings
from records.sound_files import SoundFiles, SoundSettings

app = typer.Typer()


@app.command()
def migrate() -> None:
    """Bring the database of DATABASE_URL to the newest schema, making it first if need be."""
    try:
        revision = run_migrations(Settings().database_url)
    except RecordsError as error:
        stop(str(error))
    typer.echo(f"The database is at revision {revision}.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to make. It must not be there yet.")],
) -> None:
    """Copy the whole database into one file, while exams go on."""
    try:
        kept = back_up(Settings().database_url, file, _progress)
    except RecordsError as error:
        stop(str(error))
    megabytes = file.stat().st_size / 1e6
    typer.echo(f"Backed up {kept} sittings into {file} ({megabytes:.1f} MB).")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` made.")],
    force: Annotated[
        bool, typer.Option("--force", help="Also where sittings are there already: they are lost.")
    ] = False,
) -> None:
    """Put a backup in the place of the database. End worker, token API and keeper before."""
    url = Settings().database_url
    try:
        kept = put_back(url, file, _progress, force=force)
    except RecordsError as error:
        stop(str(error))
    typer.echo(f"Restored {kept} sittings from {file}.")
    try:
        asyncio.run(_check())
    except SchemaOutdated as error:
        typer.echo(str(error), err=True)


async def _delete(url: str, user: str, force: bool) -> Erased:
    return await delete_user(url, user, force=force, files=_sound())


async def _purge(url: str, days: int) -> Erased:
    return await purge_expired(url, days, files=_sound())


def _sound() -> SoundFiles | None:
    return SoundFiles.of(SoundSettings().recordings_url)


async def _check() -> None:
    async with opened(Settings()):
        pass


def _progress(word: str) -> None:
    typer.echo(word, err=True)


@app.command()
def delete(
    user: Annotated[str, typer.Option(help="The student, as named in the invitation.")],
    force: Annotated[bool, typer.Option("--force", help="Even while an exam is held.")] = False,
    json_: AsJson = False,
) -> None:
    """Remove all that is kept of a student; a line without names stays in the audit."""
    erased = run(_delete(Settings().database_url, user, force))
    _tell_erased(erased, json_)


@app.command()
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    json_: AsJson = False,
) -> None:
    """Remove the sittings that ended longer ago than RETENTION_DAYS."""
    settings = Settings()
    if settings.retention_days is None:
        stop("RETENTION_DAYS is not set: sittings are kept until they are deleted.")
    if not dry_run:
        _tell_erased(run(_purge(settings.database_url, settings.retention_days)), json_)
        return
    found = run(expired(settings.database_url, settings.retention_days))
    typer.echo(json.dumps({"sittings": found}) if json_ else "\n".join(["To be removed:", *found]))


def _tell_erased(erased: Erased, json_: bool) -> None:
    if json_:
        typer.echo(json.dumps({"sittings": erased.sittings, "rows": erased.rows}))
    else:
        typer.echo(
            f"Removed: sittings {len(erased.sittings)}, turns {erased.rows.get('turns', 0)}, "
            f"invitations {erased.invitations}."
        )

"""`python -m records`: make the database, invite students, and read what was recorded."""

import asyncio
import json
import logging
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console

from records.backup import back_up
from records.backup import restore as put_back
from records.erasure import Erased, delete_user, expired
from records.erasure import purge as purge_expired
from records.errors import RecordsError, SchemaOutdated, UnknownExam, UnknownSitting
from records.invitations import SECRET_LENGTH, named, sign
from records.migrate import migrate as run_migrations
from records.model import AnswerView, Sitting, TurnRecord
from records.naming import USER_ID, USER_ID_RULE
from records.profile import Profile
from records.profile_options import EXAMPLE, field_lines, read_profile
from records.settings import InvitationSettings, Settings
from records.store import Records
from records.transcript import as_json, print_sitting, print_sittings

app = typer.Typer(
    help="Make the database, invite students, and read what was recorded.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
T = TypeVar("T")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


@app.command()
def migrate() -> None:
    """Bring the database of DATABASE_URL to the newest schema, making it first if need be."""
    try:
        revision = run_migrations(Settings().database_url)
    except RecordsError as error:
        _stop(str(error))
    typer.echo(f"The database is at revision {revision}.")


@app.command(epilog="\n\n".join(["Fields of --profile:", *field_lines()]))
def invite(
    user: Annotated[str, typer.Option(help="The student: " + USER_ID_RULE + ".")],
    exam: Annotated[str, typer.Option(help="The id of a published exam.")],
    attempts: Annotated[int, typer.Option(min=1, help="How often the exam may be begun.")] = 1,
    days: Annotated[
        float, typer.Option(min=0.001, max=3650, help="How long the link lets a student in.")
    ] = 7,
    profile: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help=f"What differs for this student: {EXAMPLE}. Or as JSON."
        ),
    ] = None,
    json_: AsJson = False,
) -> None:
    """Invite a student to an exam, and print the link to send."""
    if not USER_ID.fullmatch(user):
        _stop(f"A user is named by {USER_ID_RULE}.")
    settings = _invitation_settings()
    made = _run(_invite(settings, user, exam, attempts, days, _profile(profile or [])))
    typer.echo(json.dumps(made) if json_ else f"Student link: {made['link']}")


@app.command()
def revoke(
    invitation: Annotated[str, typer.Argument(help="Its link, or its id (jti).")],
) -> None:
    """Withdraw an invitation: nobody joins by it any more. An exam under way is not ended by it."""
    settings = Settings()
    jti = _run(_revoke(settings, invitation))
    typer.echo(f"The invitation {jti} is withdrawn.")


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="How many of the newest to pass over.")] = 0,
    json_: AsJson = False,
) -> None:
    """List the sittings, the newest first."""
    settings = Settings()
    found = _run(_list(settings, limit, offset))
    if json_:
        typer.echo(as_json([_summary(sitting) for sitting in found]))
    else:
        print_sittings(found, Console())


@app.command()
def show(
    sitting: Annotated[str, typer.Argument(help="A sitting's id, its beginning, or `latest`.")],
    json_: AsJson = False,
) -> None:
    """Show one sitting: who said what and when, and how each question was answered."""
    settings = Settings()
    found, turns, answers = _run(_show(settings, sitting))
    if json_:
        typer.echo(as_json({"sitting": found, "turns": turns, "answers": answers}))
    else:
        print_sitting(found, turns, answers, Console())


@app.command()
def reopen(
    sitting: Annotated[str, typer.Argument(help="A sitting's id, its beginning, or `latest`.")],
) -> None:
    """Let a student go on whose sitting was abandoned: by the same link, at the same question."""
    found = _run(_reopen(Settings(), sitting))
    typer.echo(f"Sitting {found} is open again: the student's link leads back into it.")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to make. It must not be there yet.")],
) -> None:
    """Copy the whole database into one file, while exams go on."""
    try:
        kept = back_up(Settings().database_url, file, _progress)
    except RecordsError as error:
        _stop(str(error))
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
        _stop(str(error))
    typer.echo(f"Restored {kept} sittings from {file}.")
    try:
        asyncio.run(_check(url))
    except SchemaOutdated as error:
        typer.echo(str(error), err=True)


async def _check(url: str) -> None:
    records = await Records.open(url)
    await records.close()


def _progress(word: str) -> None:
    typer.echo(word, err=True)


async def _reopen(settings: Settings, name: str) -> str:
    records = await Records.open(settings.database_url)
    try:
        sitting = await _named(records, name)
        await records.reopen(sitting.id)
        return sitting.id
    finally:
        await records.close()


@app.command()
def delete(
    user: Annotated[str, typer.Option(help="The student, as named in the invitation.")],
    force: Annotated[bool, typer.Option("--force", help="Even while an exam is held.")] = False,
    json_: AsJson = False,
) -> None:
    """Remove all that is kept of a student; a line without names stays in the audit."""
    erased = _run(delete_user(Settings().database_url, user, force=force))
    _tell_erased(erased, json_)


@app.command()
def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    json_: AsJson = False,
) -> None:
    """Remove the sittings that ended longer ago than RETENTION_DAYS."""
    settings = Settings()
    if settings.retention_days is None:
        _stop("RETENTION_DAYS is not set: sittings are kept until they are deleted.")
    if not dry_run:
        _tell_erased(_run(purge_expired(settings.database_url, settings.retention_days)), json_)
        return
    found = _run(expired(settings.database_url, settings.retention_days))
    typer.echo(json.dumps({"sittings": found}) if json_ else "\n".join(["To be removed:", *found]))


def _tell_erased(erased: Erased, json_: bool) -> None:
    if json_:
        typer.echo(json.dumps({"sittings": erased.sittings, "rows": erased.rows}))
    else:
        typer.echo(
            f"Removed: sittings {len(erased.sittings)}, turns {erased.rows.get('turns', 0)}, "
            f"invitations {erased.invitations}."
        )


async def _invite(
    settings: InvitationSettings,
    user: str,
    exam: str,
    attempts: int,
    days: float,
    profile: Profile,
) -> dict[str, str]:
    records = await Records.open(settings.database_url)
    try:
        if await records.paper(exam) is None:
            known = ", ".join(paper.exam_id for paper in await records.papers())
            raise UnknownExam(
                f"No exam {exam!r} is published. Published: "
                + (known or "none yet; publish papers with python -m worker publish")
                + "."
            )
        expires_at = (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)
        invitation = await records.create_invitation(
            user_id=user,
            exam_id=exam,
            profile=profile.as_given(),
            attempts=attempts,
            expires_at=expires_at,
        )
    finally:
        await records.close()
    token = sign(invitation.jti, expires_at, settings.invitation_secret.get_secret_value())
    return {
        "link": f"{settings.public_url.rstrip('/')}/#invitation={token}",
        "invitation": token,
        "jti": invitation.jti,
        "expires_at": expires_at.isoformat(),
    }


async def _revoke(settings: Settings, invitation: str) -> str:
    jti = named(invitation)
    records = await Records.open(settings.database_url)
    try:
        await records.revoke_invitation(jti)
    finally:
        await records.close()
    return jti


async def _list(settings: Settings, limit: int, offset: int) -> list[Sitting]:
    records = await Records.open(settings.database_url)
    try:
        return await records.sittings(limit, offset)
    finally:
        await records.close()


async def _show(
    settings: Settings, name: str
) -> tuple[Sitting, list[TurnRecord], list[AnswerView]]:
    records = await Records.open(settings.database_url)
    try:
        sitting = await _named(records, name)
        return sitting, await records.turns(sitting.id), await records.answers(sitting.id)
    finally:
        await records.close()


async def _named(records: Records, name: str) -> Sitting:
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


def _summary(sitting: Sitting) -> dict[str, Any]:
    return {name: value for name, value in vars(sitting).items() if name != "paper"}


def _profile(options: list[str]) -> Profile:
    try:
        return read_profile(options)
    except ValueError as error:
        _stop(str(error))


def _invitation_settings() -> InvitationSettings:
    try:
        # pydantic-settings fills the fields from the environment.
        return InvitationSettings()  # type: ignore[call-arg, unused-ignore]
    except ValidationError as error:
        missing = error.errors()[0]["type"] == "missing"
        _stop(
            "INVITATION_SECRET is not set: invitations are signed with it."
            if missing
            else f"INVITATION_SECRET is too short: it needs {SECRET_LENGTH} characters or more."
        )


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except RecordsError as error:
        _stop(str(error))


def _stop(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    sys.exit(1)


if __name__ == "__main__":
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    app()

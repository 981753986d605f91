"""`python -m records invite-class`: a whole class out of a CSV file."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from records.class_invitations import invite_class, links_csv
from records.class_list import COLUMNS, MAX_BYTES, Invited, read_class
from records.door import run, stop
from records.engine import open_engine, writing
from records.inviting import invitation_settings
from records.migrate import check_head
from records.model import Invitation
from records.settings import InvitationSettings

app = typer.Typer()


@app.command("invite-class", epilog="Columns: " + ", ".join(COLUMNS) + ". Only user_id is needed.")
def invite_class_(
    file: Annotated[Path, typer.Argument(help="CSV with the column user_id.")],
    exam: Annotated[str, typer.Option(help="The id of a published exam.")],
    days: Annotated[
        float,
        typer.Option(
            min=0.001, max=3650, help="How long a link lets in, where the list is silent."
        ),
    ] = 7,
    out: Annotated[
        Path | None, typer.Option(help="The file for the links; else they go to the screen.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Only look at the list.")] = False,
) -> None:
    """Invite a class to an exam, and write each student's link: all of them, or nobody."""
    settings = invitation_settings()
    try:
        with file.open("rb") as opened:
            listed = read_class(opened.read(MAX_BYTES + 1), datetime.now(UTC), days)
    except OSError as error:
        stop(f"{file} cannot be read: {error.strerror}.")
    if listed.wrong:
        for wrong in listed.wrong:
            typer.echo(f"{file}:{wrong.line}: {wrong.reason}", err=True)
        stop("Nobody was invited: correct the list first.")
    if check:
        typer.echo(f"{len(listed.students)} students can be invited.")
        return
    if out and out.exists():
        stop(f"{out} is there already: give the file another name.")
    made = run(_invite(settings, exam, listed.students))
    text = links_csv(made, settings.public_url, settings.invitation_secret.get_secret_value())
    if out is None:
        typer.echo(text, nl=False)
    else:
        # Who has a link can sit the exam.
        with os.fdopen(os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as written:
            written.write(text)
    typer.echo(f"{len(made)} students are invited to {exam}.", err=True)


async def _invite(
    settings: InvitationSettings, exam: str, students: list[Invited]
) -> list[Invitation]:
    engine = open_engine(settings.database_url)
    try:
        async with writing(engine) as connection:
            await connection.run_sync(check_head)
            return await invite_class(connection, exam, students)
    finally:
        await engine.dispose()

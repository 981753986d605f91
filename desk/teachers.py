"""`python -m desk teachers`: who may sign in, and whose exams they see."""

import json
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from records.desk_store import DeskStore
from records.door import AsJson, run, stop
from records.settings import Settings
from records.teachers import NAME_LENGTH, PASSWORD_LENGTH, Teacher

app = typer.Typer(help="Who may sign in, and whose exams they see.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="As the teacher signs in.")]
Exams = Annotated[list[str] | None, typer.Option("--exam", help="An exam's id; more than once.")]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of input.")
]


@app.command()
def add(
    name: Name,
    exam: Exams = None,
    admin: Annotated[bool, typer.Option("--admin", help="Sees all exams.")] = False,
    password_stdin: FromInput = False,
    json_: AsJson = False,
) -> None:
    """Add a teacher. Without --password-stdin a password is made, and shown this once."""
    if not 1 <= len(name) <= NAME_LENGTH or name != name.strip():
        stop(f"A name has 1 to {NAME_LENGTH} characters, none of them a space at an end.")
    if not exam and not admin:
        stop("Say which exams are this teacher's (--exam ID), or --admin for all.")
    password = _password(password_stdin)
    run(_add(name, password, admin, exam or []))
    _tell(name, None if password_stdin else password, json_)


@app.command("list")
def list_(json_: AsJson = False) -> None:
    """List the teachers and their exams."""
    found = run(_list())
    if json_:
        typer.echo(json.dumps([_plain(each) for each in found]))
        return
    table = Table("Name", "Exams", "State", box=None)
    for each in found:
        exams = "all" if each.admin else ", ".join(sorted(each.exams)) or "none"
        table.add_row(each.name, exams, "disabled" if each.disabled else "")
    Console().print(table if found else "No teachers yet: python -m desk teachers add NAME --admin")


@app.command()
def password(name: Name, password_stdin: FromInput = False, json_: AsJson = False) -> None:
    """Give a teacher another password; all sign-ins are over then."""
    new = _password(password_stdin)
    run(_change(name, password=new))
    _tell(name, None if password_stdin else new, json_)


@app.command()
def exams(name: Name, exam: Exams = None) -> None:
    """Say which exams are a teacher's, in the place of those that were."""
    run(_change(name, exams=exam or []))
    typer.echo(f"{name}: {', '.join(exam or []) or 'no exams'}")


@app.command()
def disable(
    name: Name,
    again: Annotated[bool, typer.Option("--undo", help="Let the teacher in again.")] = False,
) -> None:
    """Let a teacher in no more; what they did stays."""
    run(_change(name, disabled=not again))
    typer.echo(f"{name} may {'sign in again' if again else 'not sign in any more'}.")


def _password(from_input: bool) -> str:
    if not from_input:
        return secrets.token_urlsafe(12)
    given = sys.stdin.readline().rstrip("\n")
    if len(given) < PASSWORD_LENGTH:
        stop(f"A password has at least {PASSWORD_LENGTH} characters.")
    return given


def _tell(name: str, made: str | None, json_: bool) -> None:
    if json_:
        typer.echo(json.dumps({"name": name, "password": made}))
    elif made:
        typer.echo(f"{name} signs in with: {made}")
    else:
        typer.echo(f"{name} signs in with that password.")


def _plain(teacher: Teacher) -> dict[str, object]:
    return {
        "name": teacher.name,
        "admin": teacher.admin,
        "disabled": teacher.disabled,
        "exams": sorted(teacher.exams),
    }


@asynccontextmanager
async def _opened() -> AsyncIterator[DeskStore]:
    store = await DeskStore.open(Settings().database_url)
    try:
        yield store
    finally:
        await store.close()


async def _add(name: str, password: str, admin: bool, exams: list[str]) -> None:
    async with _opened() as store:
        await store.add_teacher(name, password, admin=admin, exams=exams)


async def _list() -> list[Teacher]:
    async with _opened() as store:
        return await store.teachers()


async def _change(
    name: str,
    *,
    password: str | None = None,
    disabled: bool | None = None,
    exams: list[str] | None = None,
) -> None:
    async with _opened() as store:
        await store.change_teacher(name, password=password, disabled=disabled, exams=exams)

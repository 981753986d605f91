"""`python -m records list|show|reopen`: the sittings, one by one."""

from typing import Annotated, Any

import typer
from rich.console import Console

from records.desk_sitting import SittingView, read
from records.door import AsJson, SittingName, named, opened, run
from records.engine import reading
from records.marks_printed import marks_plain, print_marks
from records.model import Sitting
from records.settings import Settings
from records.transcript import as_json, print_sitting, print_sittings

app = typer.Typer()


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    offset: Annotated[int, typer.Option(min=0, help="How many of the newest to pass over.")] = 0,
    json_: AsJson = False,
) -> None:
    """List the sittings, the newest first."""
    settings = Settings()
    found = run(_list(settings, limit, offset))
    if json_:
        typer.echo(as_json([_summary(sitting) for sitting in found]))
    else:
        print_sittings(found, Console())


@app.command()
def show(
    sitting: SittingName,
    json_: AsJson = False,
) -> None:
    """Show one sitting: who said what and when, how each question was answered, and its marks."""
    view = run(_show(Settings(), sitting))
    found = view.material
    if json_:
        plain = {"sitting": found.sitting, "turns": found.turns, "answers": found.answers}
        typer.echo(as_json(plain | marks_plain(view)))
    else:
        console = Console()
        print_sitting(found.sitting, found.turns, found.answers, console)
        print_marks(view, console)


@app.command()
def reopen(
    sitting: SittingName,
) -> None:
    """Let a student go on whose sitting was abandoned: by the same link, at the same question."""
    found = run(_reopen(Settings(), sitting))
    typer.echo(f"Sitting {found} is open again: the student's link leads back into it.")


async def _reopen(settings: Settings, name: str) -> str:
    async with opened(settings) as records:
        sitting = await named(records, name)
        await records.reopen(sitting.id)
        return sitting.id


async def _list(settings: Settings, limit: int, offset: int) -> list[Sitting]:
    async with opened(settings) as records:
        return await records.sittings(limit, offset)


async def _show(settings: Settings, name: str) -> SittingView:
    async with opened(settings) as records:
        sitting = await named(records, name)
        async with reading(records.engine) as connection:
            return await read(connection, sitting.id)


def _summary(sitting: Sitting) -> dict[str, Any]:
    return {name: value for name, value in vars(sitting).items() if name != "paper"}

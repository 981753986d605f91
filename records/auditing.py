"""`python -m records audit`: who did what to the records by hand."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from records import audit
from records.audit import Act
from records.door import AsJson, opened, run
from records.engine import reading
from records.settings import Settings
from records.transcript import as_json, plain_text

app = typer.Typer()


@app.command("audit")
def list_(
    of: Annotated[
        str | None, typer.Option(help="Only what was done to this sitting or exam: its whole id.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    json_: AsJson = False,
) -> None:
    """List what was done by hand, the newest first: papers, invitations, reopening, removal."""
    found = run(_read(Settings(), limit, of))
    if json_:
        typer.echo(as_json(found))
        return
    if not found:
        typer.echo("Nothing was done by hand yet." if of is None else f"Nothing was done to {of}.")
        return
    table = Table("When (UTC)", "What", "To", "By", "More", box=None)
    for act in found:
        more = {name: value for name, value in act.detail.items() if name != "teacher"}
        table.add_row(
            f"{act.at:%Y-%m-%d %H:%M}",
            act.action,
            plain_text(act.subject),
            plain_text(str(act.detail.get("teacher", ""))),
            plain_text(", ".join(f"{name}: {value}" for name, value in more.items())),
        )
    Console().print(table)


async def _read(settings: Settings, limit: int, of: str | None) -> list[Act]:
    async with opened(settings) as records, reading(records.engine) as connection:
        return await audit.read(connection, limit, of)

"""`python -m records export`: the results of an exam as a file."""

import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from records.cohort import read_cohort
from records.door import run, stop
from records.engine import open_engine, reading
from records.export_results import read_results
from records.exporting import FORMATS, Format, export
from records.migrate import check_head
from records.settings import Settings

app = typer.Typer()


@app.command("export")
def export_(
    exam: Annotated[str, typer.Argument(help="The id of the exam.")],
    format_: Annotated[str, typer.Option("--format", help="csv, json or xlsx.")] = "csv",
    out: Annotated[
        Path | None, typer.Option(help="The file to write; else it goes to the screen.")
    ] = None,
) -> None:
    """Write all results of an exam, as far as they are marked (docs/results.md)."""
    known = next((each for each in FORMATS if each == format_), None)
    if known is None:
        stop(f"There is no format {format_!r}. There are: {', '.join(FORMATS)}.")
    if out is None and known == "xlsx" and sys.stdout.isatty():
        stop("A workbook cannot be shown on the screen: name a file with --out.")
    if out and out.exists():
        stop(f"{out} is there already: give the file another name.")
    count = run(_export(Settings(), exam, known, out))
    typer.echo(f"{count} sittings of {exam}.", err=True)


async def _export(settings: Settings, exam: str, format_: Format, out: Path | None) -> int:
    engine = open_engine(settings.database_url)
    try:
        async with reading(engine) as connection:
            await connection.run_sync(check_head)
            cohort = await read_cohort(connection, exam, datetime.now(UTC))
        pages = read_results(lambda: reading(engine), exam)
        pieces = export(pages, exam, format_)
        if out is None:
            async for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            return cohort.sittings
        part = out.with_name(f"{out.name}.part")
        try:
            # Marks of people with names: for the owner of the file only.
            with os.fdopen(
                os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb"
            ) as file:
                async for piece in pieces:
                    file.write(piece)
            part.replace(out)
        except OSError as error:
            stop(f"{out} cannot be written: {error.strerror}.")
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return cohort.sittings
    finally:
        await engine.dispose()

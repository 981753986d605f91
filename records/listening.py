"""`python -m records join|recording|costs`: a sitting's sound, and what it cost."""

import asyncio
import json
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import select

from records.door import AsJson, SittingName, named, opened, run, stop
from records.engine import reading
from records.errors import RecordingUnavailable
from records.recordings import Recording, RecordingStore, Segment
from records.schema import costs as costs_table
from records.schema import sittings
from records.settings import Settings
from records.sound_files import SoundFiles, SoundSettings
from records.transcript import as_json

app = typer.Typer()


@app.command()
def join(sitting: SittingName) -> None:
    """Join what was recorded of a sitting that is over into one file, if it is not yet."""
    found = run(_join(Settings(), sitting))
    if found is None:
        typer.echo("There is nothing to join: no sound, or the sitting is not over.")
    else:
        typer.echo(f"{found.path}: {_length(found.duration_ms)}, {len(found.segments)} segments.")


@app.command()
def recording(
    sitting: SittingName,
    out: Annotated[Path | None, typer.Option(help="Copy the sound into this file.")] = None,
    json_: AsJson = False,
) -> None:
    """Tell what was recorded of a sitting, and copy it out."""
    segments, whole = run(_recording(Settings(), sitting, out))
    if json_:
        told = {"segments": [asdict(each) for each in segments], "recording": None}
        typer.echo(as_json(told | ({"recording": asdict(whole)} if whole else {})))
        return
    for each in segments:
        typer.echo(f"Segment {each.number}: {each.state}, {_length(each.duration_ms)}.")
    typer.echo(f"{whole.path}: {_length(whole.duration_ms)}." if whole else "It is not joined.")


@app.command()
def costs(
    sitting: Annotated[
        str | None, typer.Argument(help="A sitting's id, its beginning, or `latest`.")
    ] = None,
    exam: Annotated[str | None, typer.Option(help="All sittings of this exam.")] = None,
    json_: AsJson = False,
) -> None:
    """Tell what a sitting cost, or all of an exam, at the prices of the day."""
    if (sitting is None) == (exam is None):
        stop("Name a sitting, or an exam with --exam.")
    rows = run(_costs(Settings(), sitting, exam))
    total: dict[str, float] = defaultdict(float)
    unpriced = 0
    for row in rows:
        if row["price"] is None:
            unpriced += 1
        else:
            total[row["currency"]] += row["price"] * row["quantity"]
    if json_:
        typer.echo(json.dumps({"costs": rows, "total": total, "without_price": unpriced}))
        return
    for row in rows:
        price = row["price"]
        amount = "" if price is None else f"  {price * row['quantity']:.5f} {row['currency']}"
        name = f"{row['part']:8} {row['unit']:15} {row['provider']} {row['model']}"
        typer.echo(f"{name}: {row['quantity']:.0f}{amount}")
    for currency, paid in total.items():
        typer.echo(f"In all: {paid:.4f} {currency}")
    if unpriced:
        typer.echo(f"Without a price in the list: {unpriced}.")


async def _join(settings: Settings, name: str) -> Recording | None:
    async with opened(settings) as records:
        found = await named(records, name)
        files = SoundFiles.of(SoundSettings().recordings_url)
        return await RecordingStore(records.engine).join(found.id, files)


async def _recording(
    settings: Settings, name: str, out: Path | None
) -> tuple[list[Segment], Recording | None]:
    async with opened(settings) as records:
        found = await named(records, name)
        store = RecordingStore(records.engine)
        whole = await store.recording(found.id)
        if out is not None:
            await asyncio.to_thread(_copy, whole, out)
        return await store.segments(found.id), whole


def _copy(whole: Recording | None, out: Path) -> None:
    files = SoundFiles.of(SoundSettings().recordings_url)
    data = files.read(whole.path) if files is not None and whole is not None else None
    if data is None:
        raise RecordingUnavailable("There is no file to copy: python -m records join makes it.")
    out.write_bytes(data)


async def _costs(settings: Settings, name: str | None, exam: str | None) -> list[dict[str, Any]]:
    table = costs_table
    async with opened(settings) as records:
        of_exam = select(sittings.c.id).where(sittings.c.exam_id == exam)
        if name is not None:
            wanted = table.c.sitting_id == (await named(records, name)).id
        else:
            wanted = table.c.sitting_id.in_(of_exam)
        async with reading(records.engine) as connection:
            found = await connection.execute(
                select(table).where(wanted).order_by(table.c.sitting_id, table.c.key)
            )
            rows = [dict(row._mapping) for row in found]
    return [row | {"at": row["at"].isoformat()} for row in rows]


def _length(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "of unknown length"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes}:{seconds:02d} min"

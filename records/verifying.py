"""`python -m records verify`: whether a sitting is as it was recorded, its sound included."""

import asyncio
import hashlib
import json
import sys
from dataclasses import asdict, dataclass, field
from typing import Annotated, Literal

import typer

from records import chain
from records.door import AsJson, named, opened, run, stop
from records.engine import reading
from records.errors import RecordingUnavailable
from records.recordings import Recording, Segment, read_recording, read_segments
from records.settings import Settings
from records.sound_files import SoundFiles, SoundSettings
from records.store import Records

app = typer.Typer()

Result = Literal["good", "broken", "unknown"]
EXIT: dict[Result, int] = {"good": 0, "broken": 1, "unknown": 2}
PAGE = 200


@dataclass(frozen=True)
class Verified:
    """`unknown`: why it cannot be told; `head`: the last link, to be kept elsewhere."""

    sitting: str
    result: Result
    links: int
    head: str
    broken: list[str] = field(default_factory=list)
    unknown: str = ""


@app.command()
def verify(
    sitting: Annotated[
        str | None, typer.Argument(help="A sitting's id, its beginning, or `latest`.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every sitting.")] = False,
    json_: AsJson = False,
) -> None:
    """Find out whether anything that was recorded of a sitting has been changed since.

    Exit code 0: all is as it was; 1: something is not; 2: it cannot be told.
    """
    if (sitting is None) != all_:
        stop("Name a sitting, or say --all.")
    found = run(_verify(Settings(), sitting))
    if json_:
        told = [asdict(each) for each in found]
        typer.echo(json.dumps(told if all_ else told[0]))
    else:
        for each in found:
            typer.echo(_sentence(each))
    codes = {EXIT[each.result] for each in found}
    sys.exit(1 if 1 in codes else max(codes, default=0))


async def _verify(settings: Settings, name: str | None) -> list[Verified]:
    async with opened(settings) as records:
        if name is not None:
            ids = [(await named(records, name)).id]
        else:
            ids = await _all(records)
        url = SoundSettings().recordings_url
        return [await verify_sitting(records, sitting_id, url) for sitting_id in ids]


async def _all(records: Records) -> list[str]:
    ids: list[str] = []
    while page := await records.sittings(limit=PAGE, offset=len(ids)):
        ids += [sitting.id for sitting in page]
    return ids


async def verify_sitting(records: Records, sitting_id: str, recordings_url: str) -> Verified:
    """Links, rows and files."""
    async with reading(records.engine) as connection:
        verdict = await chain.verify(connection, sitting_id)
        segments = await read_segments(connection, sitting_id)
        recording = await read_recording(connection, sitting_id)
    if not verdict.links:
        why = "was recorded before there was a chain"
        return Verified(sitting_id, "unknown", 0, "", unknown=why)
    broken = [f"{each}." for each in verdict.broken]
    unknown = ""
    try:
        files = SoundFiles.of(recordings_url)
        broken += await asyncio.to_thread(changed_sound, files, segments, recording)
    except RecordingUnavailable as error:
        unknown = f"has sound that cannot be checked: {error}"
    result: Result = "broken" if broken else "unknown" if unknown else "good"
    return Verified(sitting_id, result, verdict.links, verdict.head, broken, unknown)


def changed_sound(
    files: SoundFiles | None, segments: list[Segment], recording: Recording | None
) -> list[str]:
    """What is not as its row says, in sentences. Raises RecordingUnavailable."""
    if files is None:
        if segments:
            raise RecordingUnavailable("RECORDINGS_URL is set to nothing.")
        return []
    told = []
    joined = {part["number"] for part in recording.segments} if recording else set()
    for part in segments:
        if part.state == "closed" and part.number not in joined:
            data = b"".join(files.pieces(part.path))
            if hashlib.sha256(data).hexdigest() != part.sha256:
                told.append(f"segment {part.number} is not the sound that was recorded.")
    if recording is not None:
        whole = files.read(recording.path)
        if whole is None:
            told.append("recording: its file is gone.")
        elif hashlib.sha256(whole).hexdigest() != recording.sha256:
            told.append("recording: its file is not the sound that was recorded.")
    return told


def _sentence(found: Verified) -> str:
    if found.result == "good":
        return f"Sitting {found.sitting} is as it was recorded: {found.links} links, {found.head}."
    if found.result == "unknown":
        return f"Sitting {found.sitting} {found.unknown}."
    first, *more = found.broken
    rest = f" And {len(more)} more." if more else ""
    return f"Sitting {found.sitting} was changed. {first[0].upper()}{first[1:]}{rest}"

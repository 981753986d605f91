"""What the records hold of a sitting's sound, as plain values, and how they are read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from records.model import Json
from records.schema import recordings, segments

SegmentState = Literal["open", "closed", "recovered", "lost"]


@dataclass(frozen=True)
class Segment:
    """What one examiner recorded. `number` is its fence, `path` the folder of its pieces; the last
    three are known once it was closed or recovered. `sha256` is of its pieces, joined."""

    number: int
    path: str
    state: SegmentState
    started_at: datetime
    duration_ms: int | None = None
    size: int | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Recording:
    """The whole. `segments`: [{"number", "offset_ms", "duration_ms"}], in order."""

    path: str
    duration_ms: int
    size: int
    sha256: str
    segments: list[Json]
    at: datetime


def position_ms(recording: Recording, segment: int | None, offset_ms: int | None) -> int | None:
    """Where in the whole that moment of a segment is; None if it is not in it."""
    for part in recording.segments:
        if part["number"] == segment and offset_ms is not None and part["duration_ms"] > 0:
            return int(part["offset_ms"] + min(max(0, offset_ms), part["duration_ms"]))
    return None


async def read_segments(connection: AsyncConnection, sitting_id: str) -> list[Segment]:
    found = await connection.execute(
        select(segments).where(segments.c.sitting_id == sitting_id).order_by(segments.c.number)
    )
    return [Segment(**_own(row._mapping)) for row in found]


async def read_recording(connection: AsyncConnection, sitting_id: str) -> Recording | None:
    found = await connection.execute(
        select(recordings).where(recordings.c.sitting_id == sitting_id)
    )
    row = found.one_or_none()
    return Recording(**_own(row._mapping)) if row else None


def _own(row: object) -> Json:
    values = dict(row)  # type: ignore[call-overload]
    del values["sitting_id"]
    return dict(values)

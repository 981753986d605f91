"""Makes the whole of a sitting's sound out of its segments, in the store."""

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from records.errors import RecordingDamaged, RecordingUnavailable
from records.model import Json
from records.sound_files import SoundFiles
from records.sound_joining import Joined, join_streams
from records.sound_rows import Recording, Segment

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    recording: Recording | None
    parts: list[Segment]


def make_whole(
    files: SoundFiles, sitting_id: str, parts: Sequence[Segment], before: Recording | None
) -> Made:
    """The new whole, already in the store, and the segments as they are known now."""
    joined_before = [] if before is None else before.segments
    streams: list[bytes] = []
    if before is not None:
        # The student was let in again: the pieces of what was before are gone.
        streams.append(_as_recorded(files.read(before.path), before.sha256, "recording"))
    known = list(parts[: len(joined_before)])
    new = parts[len(joined_before) :]
    for part in new:
        streams.append(_segment_bytes(files, part))
    joined = join_streams(streams)
    skip = 0 if before is None else 1
    index = [*joined_before]
    for part, data, offset, length in zip(
        new, streams[skip:], joined.offsets_ms[skip:], joined.durations_ms[skip:], strict=True
    ):
        known.append(_known(part, data, length))
        index.append({"number": part.number, "offset_ms": offset, "duration_ms": length})
    return Made(_store(files, sitting_id, joined, index), known)


def _store(
    files: SoundFiles, sitting_id: str, joined: Joined, index: list[Json]
) -> Recording | None:
    if not joined.data:
        return None
    digest = hashlib.sha256(joined.data).hexdigest()
    path = f"{sitting_id}/{digest[:16]}.ogg"
    files.write(path, joined.data)
    return Recording(path, joined.duration_ms, len(joined.data), digest, index, datetime.now(UTC))


def _segment_bytes(files: SoundFiles, part: Segment) -> bytes:
    data = b"".join(files.pieces(part.path))
    if part.state == "closed":
        return _as_recorded(data, part.sha256, f"segment {part.number}")
    return data


def _as_recorded(data: bytes | None, sha256: str | None, name: str) -> bytes:
    if data is None or hashlib.sha256(data).hexdigest() != sha256:
        raise RecordingDamaged(f"The {name} is not as it was recorded.")
    return data


def _known(part: Segment, data: bytes, length: int) -> Segment:
    if part.state != "open":
        return part
    return Segment(
        part.number,
        part.path,
        "recovered" if length else "lost",
        part.started_at,
        length,
        len(data),
        hashlib.sha256(data).hexdigest(),
    )


def tidy(files: SoundFiles, paths: Iterable[str]) -> None:
    """What is of no more use may stay if the store fails: the next time it goes."""
    try:
        for path in paths:
            files.remove(path)
    except RecordingUnavailable as error:
        logger.warning("pieces of a recording stay: %s", error)

"""The sound of a sitting in the records: a segment of each examiner that held it, and the whole.

A segment's row is made when it begins. When the sitting is over, the segments are joined into one
file, those of examiners that died as far as they came; their pieces are removed then.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from records import chain
from records import turns as commits
from records.engine import reading, writing
from records.errors import RecordingUnavailable
from records.gradings import note_cost
from records.leases import EXPIRES_S
from records.marking import Cost
from records.model import Json
from records.schema import leases, recordings, segments, sittings
from records.sound_files import SoundFiles, segment_path
from records.sound_making import Made, make_whole, tidy
from records.sound_rows import Recording as Recording
from records.sound_rows import Segment as Segment
from records.sound_rows import position_ms as position_ms
from records.sound_rows import read_recording as read_recording
from records.sound_rows import read_segments as read_segments

#: Tells the teacher that the sound of a sitting is not whole, or not there.
FAILED = "recording_failed"
_OVER = ("finished", "abandoned")


class RecordingStore:
    """One database. Every method may raise RecordsUnavailable; the work was then not done."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin_segment(self, sitting_id: str, fence: int) -> Segment:
        """Raises StaleFence, UnknownSitting."""
        segment = Segment(fence, segment_path(sitting_id, fence), "open", datetime.now(UTC))
        async with writing(self._engine) as connection:
            await commits.hold(connection, sitting_id, fence)
            await connection.execute(
                insert(segments).values(sitting_id=sitting_id, **vars(segment))
            )
            await chain.add(connection, sitting_id, "segment", fence)
        return segment

    async def close_segment(
        self, sitting_id: str, number: int, *, duration_ms: int, size: int, sha256: str
    ) -> bool:
        """False: somebody has recovered it meanwhile, and what came after that is in no record."""
        async with writing(self._engine) as connection:
            await commits.hold(connection, sitting_id)
            values: Json = {"duration_ms": duration_ms, "size": size, "sha256": sha256}
            changed = await connection.execute(
                update(segments)
                .where(
                    segments.c.sitting_id == sitting_id,
                    segments.c.number == number,
                    segments.c.state == "open",
                )
                .values(state="closed", **values)
            )
            if changed.rowcount:
                await chain.add(connection, sitting_id, "segment", number)
            return bool(changed.rowcount)

    async def note_failure(self, sitting_id: str) -> None:
        """The teacher shall know that sound is missing."""
        async with writing(self._engine) as connection:
            held = await commits.hold(connection, sitting_id)
            await _flag(connection, sitting_id, held.flags)

    async def note_costs(self, sitting_id: str, costs: Sequence[Cost]) -> None:
        """What the exam cost so far; each key replaces what was noted under it before."""
        async with writing(self._engine) as connection:
            await commits.hold(connection, sitting_id)
            for cost in costs:
                await note_cost(connection, sitting_id, cost)

    async def segments(self, sitting_id: str) -> list[Segment]:
        """In order."""
        async with reading(self._engine) as connection:
            return await read_segments(connection, sitting_id)

    async def recording(self, sitting_id: str) -> Recording | None:
        async with reading(self._engine) as connection:
            return await read_recording(connection, sitting_id)

    async def join(self, sitting_id: str, files: SoundFiles | None) -> Recording | None:
        """The whole, made now if it was not yet; None where there is none, or not yet.

        May be called by several at once, and again. Raises RecordingUnavailable when the store
        fails, RecordingDamaged when a segment is not as its examiner closed it.
        """
        async with reading(self._engine) as connection:
            status = await connection.scalar(
                select(sittings.c.status).where(sittings.c.id == sitting_id)
            )
            parts = await read_segments(connection, sitting_id)
            before = await read_recording(connection, sitting_id)
        if status not in _OVER or not parts or await self._held(sitting_id):
            return before
        if files is None:
            raise RecordingUnavailable("RECORDINGS_URL is set to nothing, but there is sound.")
        if before is None or len(before.segments) < len(parts):
            made = await asyncio.to_thread(make_whole, files, sitting_id, parts, before)
            before = await self._keep(sitting_id, files, parts, before, made)
        await asyncio.to_thread(tidy, files, (part.path for part in parts))
        return before

    async def _held(self, sitting_id: str) -> bool:
        """Whether an examiner still holds it: it may be recording its last words."""
        async with reading(self._engine) as connection:
            seen = await _beat(connection, sitting_id)
        if seen is None:
            return False
        await asyncio.sleep(EXPIRES_S)
        async with reading(self._engine) as connection:
            now = await _beat(connection, sitting_id)
        return now is not None and now != seen

    async def _keep(
        self,
        sitting_id: str,
        files: SoundFiles,
        parts: list[Segment],
        before: Recording | None,
        made: Made,
    ) -> Recording | None:
        async with writing(self._engine) as connection:
            held = await commits.hold(connection, sitting_id)
            now = await read_recording(connection, sitting_id)
            if now != before or await read_segments(connection, sitting_id) != parts:
                # Another was quicker, and may have removed pieces while we read them.
                kept = now
            else:
                kept = await _replace(connection, sitting_id, parts, made)
                if any(each.state == "lost" for each in made.parts):
                    await _flag(connection, sitting_id, held.flags)
        paths = {each.path for each in (made.recording, before) if each is not None}
        await asyncio.to_thread(tidy, files, paths - ({kept.path} if kept else set()))
        return kept


async def _replace(
    connection: AsyncConnection, sitting_id: str, parts: Iterable[Segment], made: Made
) -> Recording | None:
    for old, new in zip(parts, made.parts, strict=True):
        if old != new:
            await connection.execute(
                update(segments)
                .where(segments.c.sitting_id == sitting_id, segments.c.number == new.number)
                .values(vars(new))
            )
            await chain.add(connection, sitting_id, "segment", new.number)
    if made.recording is not None:
        await connection.execute(delete(recordings).where(recordings.c.sitting_id == sitting_id))
        await connection.execute(
            insert(recordings).values(sitting_id=sitting_id, **vars(made.recording))
        )
        await chain.add(connection, sitting_id, "recording", sitting_id)
    return made.recording


async def _beat(connection: AsyncConnection, sitting_id: str) -> tuple[int, int] | None:
    found = await connection.execute(
        select(leases.c.fence, leases.c.beat).where(leases.c.sitting_id == sitting_id)
    )
    row = found.one_or_none()
    return (row.fence, row.beat) if row else None


async def _flag(connection: AsyncConnection, sitting_id: str, flags: list[str]) -> None:
    if FAILED not in flags:
        await connection.execute(
            update(sittings).where(sittings.c.id == sitting_id).values(flags=[*flags, FAILED])
        )
        await chain.add(connection, sitting_id, "state")

"""Records an exam: both voices on one clock, for as long as the student agrees to it.

Nothing here holds up what is heard or said, and nothing that fails here ends the exam: it is told
to the teacher (`recording_failed`), and counted.
"""

import asyncio
import logging

from livekit import rtc
from livekit.agents.voice import io

from exam_graph.clock import Clock
from records.errors import RecordsError, StaleFence, UnknownSitting
from records.model import Sitting
from records.recordings import RecordingStore
from records.sound_files import SoundFiles, segment_path
from records.store import Records
from worker.metrics import provider_failed
from worker.recording.playback_tap import PlaybackTap
from worker.recording.resampling import Resampling
from worker.recording.student import RATE, StudentTrack
from worker.recording.writer import Writer
from worker.turn import Place

logger = logging.getLogger(__name__)

#: Sound is written so often, and so long after it was heard, in seconds: until then what is told
#: of it may be put right.
EVERY_S = 0.25
LATER_S = 0.4
#: What the store may take at the end, in seconds.
CLOSING_S = 8.0


class Recorder:
    """One segment. Attach it, then `begin`; `aclose` it in any case."""

    def __init__(
        self, sitting: Sitting, fence: int, records: Records, files: SoundFiles, clock: Clock
    ) -> None:
        self._sitting_id = sitting.id
        self._fence = fence
        self._records = records
        self._store = RecordingStore(records.engine)
        self._files = files
        self._clock = clock
        self._student = StudentTrack()
        self._resampling = Resampling()
        self._tap: PlaybackTap | None = None
        self._writer: Writer | None = None
        self._began: float | None = None
        self._written = 0
        self._task: asyncio.Task[None] | None = None
        self._over = False

    @property
    def running(self) -> bool:
        return self._began is not None and not self._over

    def tap(self, sink: io.AudioOutput) -> PlaybackTap:
        """To be put before the output that plays the examiner."""
        self._tap = PlaybackTap(sink, self._clock.now, lambda: self.running)
        return self._tap

    def hear(self, frame: rtc.AudioFrame) -> None:
        """The student's sound."""
        if self.running:
            self._student.add(self._resampling.push(frame), self._position(self._clock.now()))

    def place(self, at: float) -> Place | None:
        """That moment of the clock in this segment; None where nothing is recorded."""
        if self._began is None or self._over:
            return None
        return Place(self._fence, max(0, round((at - self._began) * 1000)))

    def place_said(self, offset: float) -> Place | None:
        """Where in this segment a part of what was just played to its end is."""
        return self.place(self._tap.place(offset)) if self._tap is not None else None

    def begin(self) -> None:
        """From now on; said again, it changes nothing."""
        if self._began is None and not self._over:
            self._began = self._clock.now()
            self._task = asyncio.create_task(self._record())

    async def check_consent(self) -> None:
        """A student who came back may have thought again: then it stops here."""
        try:
            sitting = await self._records.sitting(self._sitting_id)
        except RecordsError:
            return
        if sitting is not None and sitting.consent.get("recording") is not True:
            await self.aclose()

    async def aclose(self) -> None:
        """What was heard until now is stored, if the store takes it in time. Never raises."""
        if self._over:
            return
        self._over = True
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        if (writer := self._writer) is None:
            await self._failed("record")
            return
        self._write(self._position(self._clock.now()))
        if await asyncio.to_thread(writer.close, CLOSING_S):
            await self._close_segment(writer)
        else:
            await self._failed(writer.failure or "store")

    async def _record(self) -> None:
        try:
            segment = await self._store.begin_segment(self._sitting_id, self._fence)
            self._writer = Writer(self._files, segment.path)
            while self._writer.failure is None:
                await asyncio.sleep(EVERY_S)
                self._write(self._position(self._clock.now() - LATER_S))
        except StaleFence:
            # Another examiner is in the room, and records.
            self._over = True
            return
        except Exception as error:  # whatever it is: the exam goes on
            logger.error("nothing is recorded: %s", type(error).__name__)
        self._over = True
        await self._failed(self._writer.failure or "recorder" if self._writer else "record")

    def _write(self, until: int) -> None:
        if until <= self._written or self._writer is None or self._began is None:
            return
        student = self._student.take(until)
        examiner = student[:0]
        if self._tap is not None:
            start = self._began + self._written / RATE
            examiner = self._tap.take(start, start + len(student) / RATE)
        if len(examiner) != len(student):
            examiner = student * 0
        self._written = until
        self._writer.add(student, examiner)

    async def _close_segment(self, writer: Writer) -> None:
        try:
            ours = await self._store.close_segment(
                self._sitting_id,
                self._fence,
                duration_ms=writer.duration_ms,
                size=writer.size,
                sha256=writer.sha256,
            )
        except UnknownSitting:
            # Deleted while it was recorded.
            ours = False
        except Exception as error:
            # Its pieces are there: it is recovered when the sitting is joined.
            logger.warning("the recording was not closed: %s", type(error).__name__)
            return
        if not ours:
            await self._forget()

    async def _forget(self) -> None:
        """What is in no record shall not be in the store."""
        folder = segment_path(self._sitting_id, self._fence)
        try:
            await asyncio.to_thread(self._files.remove, folder)
        except RecordsError as error:
            logger.error("sound of sitting %s stays: %s", self._sitting_id, error)

    async def _failed(self, why: str) -> None:
        logger.error("sitting %s: the recording failed (%s)", self._sitting_id, why)
        provider_failed("recordings", why)
        try:
            await self._store.note_failure(self._sitting_id)
        except RecordsError as error:
            logger.warning("that is not noted: %s", error)

    def _position(self, at: float) -> int:
        return round((at - (self._began or 0.0)) * RATE)

"""A student's end of the connection: microphone, ears, and the word that it is ready."""

import asyncio
import contextlib
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

from livekit import rtc
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from bench.ears import Ears
from bench.systems.system import Seat
from robot_student import ear
from robot_student.microphone import Microphone

READY_S = 20.0
PHASE = "voxam.phase"


class StudentRoom:
    """`async with StudentRoom(…)`: in the room, with an open microphone."""

    def __init__(self, seat: Seat, ears: Ears) -> None:
        self.microphone = Microphone()
        self.finished = asyncio.Event()
        """The examiner shows that the exam is over, or the room is gone."""
        self._seat = seat
        self._ears = ears
        self._room = rtc.Room()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        room = self._room
        room.on("track_subscribed", self._hear)
        room.on("participant_attributes_changed", self._see)
        room.on("disconnected", lambda _: self.finished.set())
        await room.connect(self._seat.url, self._seat.token)
        self._spawn(self.microphone.run())
        source = self.microphone.source
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await room.local_participant.publish_track(track, options)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._room.disconnect()
        await self.microphone.source.aclose()

    def _hear(
        self, track: rtc.Track, _: rtc.RemoteTrackPublication, who: rtc.RemoteParticipant
    ) -> None:
        if track.kind == rtc.TrackKind.KIND_AUDIO:
            self._spawn(ear.listen(track, self._ears.hearing, self._ears.frame))
            if self._seat.says_ready:
                self._spawn(self._say_ready(who.identity))

    def _see(self, changed: dict[str, str], _: rtc.Participant) -> None:
        if changed.get(PHASE) == "finished":
            self.finished.set()

    async def _say_ready(self, examiner: str) -> None:
        """The examiner's handlers may come a moment after its track."""
        with contextlib.suppress(rtc.RpcError):
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(rtc.RpcError),
                stop=stop_after_delay(READY_S),
                wait=wait_fixed(0.1),
                reraise=True,
            ):
                with attempt:
                    await self._room.local_participant.perform_rpc(
                        destination_identity=examiner, method="exam.ready", payload=""
                    )

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

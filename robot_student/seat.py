"""The robot's seat in the exam room: connection, microphone, ear, buttons."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from livekit import rtc
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from robot_student import ear
from robot_student.errors import ExamBroken
from robot_student.examiner import CAPTIONS, IDENTITY, Examiner
from robot_student.hearing import Hearing, Samples
from robot_student.invitation import Place
from robot_student.microphone import Microphone
from robot_student.settings import Manners

NOTICE = "voxam.notice"
ANSWER_S = 8.0
"""Longest wait for the answer to a button."""

OnFrame = Callable[[Samples, float], None]


@dataclass(frozen=True)
class Taps:
    """Who else wants the audio, frame by frame with its time."""

    heard: OnFrame | None = None
    said: OnFrame | None = None


class Seat:
    """`async with Seat(…)`: in the room, with an open microphone, until the block ends."""

    def __init__(
        self,
        place: Place,
        examiner: Examiner,
        hearing: Hearing,
        manners: Manners,
        *,
        taps: Taps,
        on_notice: Callable[[str, str, str], None],
    ) -> None:
        self.microphone = Microphone(taps.said)
        self.ready_at: float | None = None
        """When the examiner knew that the robot hears it; None while there is none."""
        self.alone_since = time.monotonic()
        self._place = place
        self._examiner = examiner
        self._hearing = hearing
        self._manners = manners
        self._on_heard = taps.heard
        self._on_notice = on_notice
        self._room = rtc.Room()
        self._track: rtc.LocalAudioTrack | None = None
        self._left = False
        self._broken: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._serving: list[asyncio.Task[None]] = []
        """Listening and announcing, for the examiner that is here."""
        self._heard_sid = ""

    async def __aenter__(self) -> Self:
        self._attach()
        try:
            await self._room.connect(self._place.livekit_url, self._place.token)
            self.alone_since = time.monotonic()
            self._spawn(self.microphone.run())
            self._track = rtc.LocalAudioTrack.create_audio_track(
                "microphone", self.microphone.source
            )
            options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
            await self._room.local_participant.publish_track(self._track, options)
        except rtc.ConnectError as error:
            await self._leave()
            raise ExamBroken(
                f"The room at {self._place.livekit_url} cannot be entered: {error.message}"
            ) from error
        except BaseException:
            await self._leave()
            raise
        for participant in self._room.remote_participants.values():
            self._see(participant)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        self._left = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._room.disconnect()
        await self.microphone.source.aclose()

    def check(self) -> None:
        """Raises ExamBroken when the connection is gone or no examiner comes."""
        if self._broken:
            raise ExamBroken(self._broken)
        if self.ready_at is None:
            alone = time.monotonic() - self.alone_since
            if alone > self._manners.arrival_s:
                raise ExamBroken(f"No examiner was ready within {self._manners.arrival_s:g} s.")

    def mute(self, muted: bool) -> None:
        """Mutes the microphone, or opens it again."""
        assert self._track is not None
        if muted:
            self._track.mute()
        else:
            self._track.unmute()

    async def press(self, button: str) -> None:
        """Call the RPC of a button. Raises rtc.RpcError when the examiner refuses."""
        await self._room.local_participant.perform_rpc(
            destination_identity=IDENTITY,
            method=f"exam.{button}",
            payload="",
            response_timeout=ANSWER_S,
        )

    def _attach(self) -> None:
        room = self._room
        room.on("participant_connected", self._see)
        room.on("participant_attributes_changed", lambda _changed, who: self._see(who))
        room.on("participant_disconnected", self._gone)
        room.on("track_subscribed", lambda track, _publication, who: self._hear(track, who))
        room.on("data_received", self._notice)
        room.on("disconnected", self._disconnected)
        room.register_text_stream_handler(CAPTIONS, self._caption)

    def _caption(self, reader: rtc.TextStreamReader, sender: str) -> None:
        self._spawn(self._examiner.follow(reader, sender))

    def _see(self, participant: rtc.Participant) -> None:
        if participant.identity == IDENTITY:
            self._examiner.show(participant.attributes)

    def _gone(self, participant: rtc.RemoteParticipant) -> None:
        if participant.sid == self._heard_sid:
            self.ready_at, self.alone_since = None, time.monotonic()
            self._stop_serving()

    def _hear(self, track: rtc.Track, participant: rtc.RemoteParticipant) -> None:
        if participant.identity != IDENTITY or track.kind != rtc.TrackKind.KIND_AUDIO:
            return
        self._stop_serving()
        self._heard_sid = participant.sid
        self._serving = [
            self._spawn(ear.listen(track, self._hearing, self._on_heard)),
            self._spawn(self._announce()),
        ]

    def _stop_serving(self) -> None:
        for task in self._serving:
            task.cancel()
        self._serving = []

    async def _announce(self) -> None:
        """Tell the examiner that it is heard; its handlers may come a moment after its track."""
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(rtc.RpcError),
                stop=stop_after_delay(self._manners.ready_s),
                wait=wait_fixed(0.25),
                reraise=True,
            ):
                with attempt:
                    await self.press("ready")
        except rtc.RpcError as error:
            raise ExamBroken(
                f"The examiner came, but did not take exam.ready within "
                f"{self._manners.ready_s:g} s: {error.message}"
            ) from error
        self.ready_at = time.monotonic()

    def _notice(self, packet: rtc.DataPacket) -> None:
        if packet.topic != NOTICE:
            return
        try:
            notice = json.loads(packet.data)
            self._on_notice(str(notice["code"]), str(notice["level"]), str(notice["text"]))
        except (ValueError, KeyError, TypeError):
            self._examiner.on_fault("A notice came that is not one.")

    def _disconnected(self, reason: Any) -> None:
        if not self._left:
            name = rtc.DisconnectReason.Name(reason).replace("_", " ").lower()
            self._broken = f"The room was left in phase {self._examiner.phase}: {name}."

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error and not self._left and not self._broken:
            said = str(error) if isinstance(error, ExamBroken) else repr(error)
            self._broken = said

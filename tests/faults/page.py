"""A student's page, as far as faults can be seen on it: all that it is told, with the times."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Literal, Self

from livekit import rtc
from pydantic import ValidationError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_fixed

from robot_student.errors import RobotError
from robot_student.examiner import CAPTIONS, IDENTITY, Ask
from robot_student.invitation import Place, join
from robot_student.microphone import Microphone
from robot_student.seat import NOTICE

#: How long a page goes on trying to come into the room, and to tell that it is ready, in seconds.
PATIENCE_S = 240.0
HERE = "voxam.here"
_OPEN = ("soundcheck", "practice", "listening")

Kind = Literal["notice", "attribute", "caption", "examiner", "room"]


@dataclass(frozen=True)
class Seen:
    """Something that came to the page. `name`: code, attribute, sender, or what happened."""

    at: float
    kind: Kind
    name: str
    value: str = ""


class Page:
    """`async with Page(link)`: in the room, and back in it when it was lost."""

    def __init__(
        self,
        link: str,
        *,
        microphone: bool = False,
        recording: bool = False,
        rejoins: bool = True,
    ) -> None:
        self.link = link
        self.recording = recording
        self.rejoins = rejoins
        self.seen: list[Seen] = []
        self.attributes: dict[str, str] = {}
        self.room = rtc.Room()
        self.microphone = Microphone() if microphone else None
        self.track: rtc.LocalAudioTrack | None = None
        self.voice_of_examiner: rtc.Track | None = None
        #: The examiner knows that it is heard.
        self.ready = False
        self.over = False
        self._place: Place | None = None
        self._examiner = ""
        self._spoken_to = False
        self._left = False
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._announcing: asyncio.Task[None] | None = None

    # -- what is seen --

    @property
    def place(self) -> Place:
        assert self._place is not None
        return self._place

    @property
    def sitting(self) -> str:
        return self.place.session_id

    @property
    def phase(self) -> str:
        return self.attributes.get("voxam.phase", "waiting")

    @property
    def clock(self) -> str:
        return self.attributes.get("voxam.clock", "")

    @property
    def asked(self) -> str:
        """The id of the question on the screen, "" if there is none."""
        with suppress(ValidationError):
            return Ask.model_validate_json(self.attributes.get("voxam.ask", "")).id
        return ""

    @property
    def my_turn(self) -> bool:
        """The examiner has spoken since the last answer, and listens."""
        listens = self.attributes.get("lk.agent.state") == "listening"
        return self.ready and listens and self._spoken_to and self.phase in _OPEN

    def look(self, kind: Kind, name: str = "", *, after: float = 0.0, text: str = "") -> list[Seen]:
        """What was seen of this kind and name since then, with `text` in it."""
        return [
            each
            for each in self.seen
            if each.kind == kind
            and name in ("", each.name)
            and each.at >= after
            and text.casefold() in each.value.casefold()
        ]

    def notices(self, code: str = "", *, after: float = 0.0) -> list[Seen]:
        """Those that tell something; one without a text takes another away."""
        return [each for each in self.look("notice", code, after=after) if each.value]

    def examiners(self, after: float = 0.0) -> list[Seen]:
        """Each examiner's coming."""
        return self.look("examiner", "here", after=after)

    def said(self, words: str, after: float = 0.0) -> list[Seen]:
        """Captions of the examiner's with these words in them."""
        return self.look("caption", IDENTITY, after=after, text=words)

    async def until(self, condition: Callable[[], Any], seconds: float = 120.0) -> float:
        """Waits for it, and gives the time; fails with all that was seen."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"not within {seconds:g} s. Seen:\n{self.story()}") from None
        return monotonic()

    async def first(self, look: Callable[[], list[Seen]], seconds: float = 120.0) -> float:
        """When the first of these was seen."""
        await self.until(look, seconds)
        return look()[0].at

    def story(self) -> str:
        """All that was seen, for a message."""
        zero = self.seen[0].at if self.seen else 0.0
        return "\n".join(
            f"{each.at - zero:7.2f} {each.kind} {each.name} {each.value}" for each in self.seen
        )

    # -- what is done --

    async def __aenter__(self) -> Self:
        self._place = await join(self.link, recording=self.recording)
        if self.microphone is not None:
            self._spawn(self.microphone.run())
        await self._enter()
        self._spawn(self._beat())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._left = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.room.disconnect()
        if self.microphone is not None:
            await self.microphone.source.aclose()

    async def press(self, button: str, payload: str = "") -> str:
        return await self.room.local_participant.perform_rpc(
            destination_identity=IDENTITY,
            method=f"exam.{button}",
            payload=payload,
            response_timeout=8,
        )

    async def type(self, text: str) -> None:
        """Answers in writing."""
        self._spoken_to = False
        await self.room.local_participant.send_text(text, topic="lk.chat")

    async def speak(self, samples: Any) -> None:
        """Answers aloud; returns when the last sample is on its way."""
        assert self.microphone is not None
        self._spoken_to = False
        utterance = self.microphone.speak(samples)
        while utterance.ended is None:  # noqa: ASYNC110  the microphone has no event for it
            await asyncio.sleep(0.02)

    async def publish(self) -> None:
        """The microphone, into the room."""
        assert self.microphone is not None
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self.microphone.source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        self.track = track

    async def unpublish(self) -> None:
        assert self.track is not None
        await self.room.local_participant.unpublish_track(self.track.sid)

    # -- inside --

    async def _enter(self) -> None:
        room = self.room = rtc.Room()
        room.on("participant_connected", self._see)
        room.on("participant_attributes_changed", lambda _, who: self._see(who))
        room.on("participant_disconnected", self._miss)
        room.on("track_subscribed", lambda track, _, who: self._hear(track, who))
        room.on("data_received", self._notice)
        room.on("reconnecting", lambda: self._note("room", "reconnecting"))
        room.on("reconnected", lambda: self._note("room", "reconnected"))
        room.on("disconnected", lambda reason: self._lose(room, reason))
        room.register_text_stream_handler(CAPTIONS, self._caption)
        await room.connect(self.place.livekit_url, self.place.token)
        self._note("room", "connected", room.name)
        for participant in list(room.remote_participants.values()):
            self._see(participant)
        if self.microphone is not None:
            await self.publish()

    def _see(self, participant: rtc.Participant) -> None:
        if participant.identity != IDENTITY:
            return
        if participant.sid != self._examiner:
            self._forget_examiner()
            self._examiner = participant.sid
            self._note("examiner", "here", participant.sid)
        for name, value in dict(participant.attributes).items():
            if self.attributes.get(name) != value:
                self.attributes[name] = value
                if (name, value) == ("lk.agent.state", "speaking"):
                    self._spoken_to = True
                self._note("attribute", name, value)

    def _miss(self, participant: rtc.RemoteParticipant) -> None:
        if participant.sid == self._examiner:
            self._forget_examiner()
            self._note("examiner", "gone", participant.sid)

    def _forget_examiner(self) -> None:
        self._examiner, self.ready, self._spoken_to = "", False, False
        # What it showed last stays on the screen.
        self.attributes.pop("lk.agent.state", None)
        if self._announcing is not None:
            self._announcing.cancel()

    def _hear(self, track: rtc.Track, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == IDENTITY and track.kind == rtc.TrackKind.KIND_AUDIO:
            self.voice_of_examiner = track
            self._announcing = self._spawn(self._announce())

    async def _announce(self) -> None:
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(rtc.RpcError),
            stop=stop_after_delay(PATIENCE_S),
            wait=wait_fixed(0.25),
        ):
            with attempt:
                await self.press("ready")
        self.ready = True
        self._note("examiner", "ready")

    def _notice(self, packet: rtc.DataPacket) -> None:
        if packet.topic == NOTICE:
            notice = json.loads(packet.data)
            self._note("notice", notice["code"], notice["text"])

    def _caption(self, reader: rtc.TextStreamReader, sender: str) -> None:
        self._spawn(self._read_caption(reader, sender))

    async def _read_caption(self, reader: rtc.TextStreamReader, sender: str) -> None:
        with suppress(rtc.StreamError):
            self._note("caption", sender, await reader.read_all())

    def _lose(self, room: rtc.Room, reason: Any) -> None:
        if room is not self.room or self._left:
            return
        self._forget_examiner()
        self._note("room", "lost", rtc.DisconnectReason.Name(reason))
        if self.phase in ("closing", "finished"):
            self.over = True
            self._note("room", "over")
        elif self.rejoins:
            self._spawn(self._rejoin())

    async def _rejoin(self) -> None:
        """As the student's page does: by the invitation, again and again."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type((RobotError, rtc.ConnectError)),
            stop=stop_after_delay(PATIENCE_S),
            wait=wait_fixed(1.0),
        ):
            with attempt:
                self._place = await join(self.link, recording=self.recording)
                await self._enter()

    async def _beat(self) -> None:
        """Each second, that it lives."""
        while True:
            if self.room.isconnected():
                with suppress(rtc.participant.PublishDataError):
                    await self.room.local_participant.publish_data(b"{}", topic=HERE)
            await asyncio.sleep(1)

    def _note(self, kind: Kind, name: str, value: str = "") -> None:
        self.seen.append(Seen(monotonic(), kind, name, value))
        self._changed.set()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

"""A scripted examiner in a real LiveKit room: speaks the contract with the page, examines nothing.

async with exam_room(livekit_server) as room:
    async with examiner_in(room) as examiner:
        await examiner.tell(phase="listening", question="1/3")
        await examiner.called("exam.ready")
"""

import asyncio
import json
import math
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from livekit import api, rtc

from tests.conftest import LiveKitServer

STUDENT = "student"
EXAMINER = "examiner"
COMMANDS = ("ready", "repeat", "skip", "pause", "done", "end")
RATE = 48_000
WAIT_S = 15.0


@dataclass(frozen=True)
class ExamRoom:
    server: LiveKitServer
    admin: api.LiveKitAPI
    name: str

    @property
    def student_token(self) -> str:
        grants = api.VideoGrants(
            room_join=True,
            room=self.name,
            can_publish_sources=["microphone"],
            can_publish_data=True,
        )
        return self._token(STUDENT, grants).to_jwt()

    @property
    def examiner_token(self) -> str:
        """Only an agent may send captions in the student's name."""
        grants = api.VideoGrants(room_join=True, room=self.name, can_update_own_metadata=True)
        return self._token(EXAMINER, grants).with_kind("agent").to_jwt()

    def _token(self, identity: str, grants: api.VideoGrants) -> api.AccessToken:
        token = api.AccessToken(self.server.api_key, self.server.api_secret)
        return token.with_identity(identity).with_grants(grants).with_ttl(timedelta(minutes=10))

    async def delete(self) -> None:
        await self.admin.room.delete_room(api.DeleteRoomRequest(room=self.name))


@asynccontextmanager
async def exam_room(server: LiveKitServer) -> AsyncIterator[ExamRoom]:
    async with api.LiveKitAPI(server.url, server.api_key, server.api_secret) as admin:
        room = ExamRoom(server, admin, f"exam-{uuid4().hex[:8]}")
        await admin.room.create_room(api.CreateRoomRequest(name=room.name))
        yield room
        listed = await admin.room.list_rooms(api.ListRoomsRequest(names=[room.name]))
        if listed.rooms:
            await room.delete()


@dataclass
class Examiner:
    room: rtc.Room
    calls: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def tell(self, **attributes: str) -> None:
        """Sets attributes: `phase="asking"` is `voxam.phase`."""
        named = {f"voxam.{name}": value for name, value in attributes.items()}
        await self.room.local_participant.set_attributes(named)

    async def ask(self, number: str, kind: str, text: str, *options: str) -> None:
        ask = {"id": number, "kind": kind, "text": text, "options": list(options) or None}
        await self.tell(question=number, ask=json.dumps(ask), phase="asking")

    def listen_to_page(self) -> None:
        """An examiner does this a moment after it joins."""
        for command in COMMANDS:
            name = f"exam.{command}"
            self.room.local_participant.register_rpc_method(name, self._handler(name))
        self.room.register_text_stream_handler("lk.chat", self._read)

    def _handler(self, name: str) -> Callable[[rtc.RpcInvocationData], Awaitable[str]]:
        async def answer(_call: rtc.RpcInvocationData) -> str:
            self.calls.append(name)
            self._wake()
            if sentence := self.refusals.get(name):
                raise rtc.RpcError(1500, sentence)
            return json.dumps({"ok": True})

        return answer

    async def called(self, *names: str) -> None:
        """Waits until the page has made exactly these calls since the last time, in this order."""
        async with asyncio.timeout(WAIT_S):
            while len(self.calls) < len(names):
                await self.changed.wait()
        assert self.calls == list(names)
        self.calls.clear()

    async def was_typed(self, text: str) -> None:
        async with asyncio.timeout(WAIT_S):
            while text not in self.typed:
                await self.changed.wait()

    async def caption(
        self, segment: str, *words: str, final: bool = True, of: str = EXAMINER
    ) -> None:
        """The examiner's words as one growing stream, the student's as a stream per version."""
        if of == EXAMINER:
            writer = await self._stream(segment, of, "false")
            for word in words:
                await writer.write(word)
            await writer.aclose(attributes={"lk.transcription_final": "true"} if final else None)
            return
        for index, version in enumerate(words):
            last = final and index == len(words) - 1
            writer = await self._stream(segment, of, "true" if last else "false")
            await writer.write(version)
            await writer.aclose()

    async def _stream(self, segment: str, sender: str, final: str) -> rtc.TextStreamWriter:
        return await self.room.local_participant.stream_text(
            topic="lk.transcription",
            sender_identity=sender,
            attributes={"lk.segment_id": segment, "lk.transcription_final": final},
        )

    async def notice(self, code: str, level: str, text: str) -> None:
        payload = json.dumps({"code": code, "level": level, "text": text})
        await self.room.local_participant.publish_data(payload, topic="voxam.notice")

    async def hears_student(self) -> None:
        """Waits until the student's microphone is in the room."""
        async with asyncio.timeout(WAIT_S):
            while not self._student_tracks():
                await self.changed.wait()

    async def no_longer_hears_student(self) -> None:
        async with asyncio.timeout(WAIT_S):
            while self._student_tracks():
                await self.changed.wait()

    def _student_tracks(self) -> list[rtc.RemoteTrackPublication]:
        student = self.room.remote_participants.get(STUDENT)
        return list(student.track_publications.values()) if student else []

    def _read(self, reader: rtc.TextStreamReader, _identity: str) -> None:
        async def keep() -> None:
            self.typed.append(await reader.read_all())
            self._wake()

        task = asyncio.create_task(keep())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def look_up(self, *_what: object) -> None:
        self._wake()

    def _wake(self) -> None:
        self.changed.set()
        self.changed.clear()


@asynccontextmanager
async def examiner_in(exam: ExamRoom, *, listens: bool = True) -> AsyncIterator[Examiner]:
    """An examiner whose voice is a quiet tone; with `listens=False` it takes no calls yet."""
    room = rtc.Room()
    await room.connect(exam.server.url, exam.examiner_token)
    source = rtc.AudioSource(RATE, 1)
    examiner = Examiner(room)
    for event in ("track_published", "track_unpublished"):
        room.on(event, examiner.look_up)
    if listens:
        examiner.listen_to_page()
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    await room.local_participant.publish_track(
        track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    )
    humming = asyncio.create_task(_hum(source))
    try:
        yield examiner
    finally:
        humming.cancel()
        await asyncio.gather(humming, return_exceptions=True)
        await room.disconnect()
        await source.aclose()


async def _hum(source: rtc.AudioSource) -> None:
    count = RATE // 50
    tone = (int(800 * math.sin(2 * math.pi * 200 * n / RATE)) for n in range(count))
    frame = rtc.AudioFrame(array("h", tone).tobytes(), RATE, 1, count)
    while True:
        await source.capture_frame(frame)

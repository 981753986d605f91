"""The robot student against an examiner of known delays, over a real LiveKit server."""

import asyncio
import json
import secrets
import socket
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import httpx
import numpy as np
import pytest
import uvicorn
from livekit import api, rtc
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from robot_student import ear
from robot_student.hearing import Hearing, Samples, Stretch, stretches
from robot_student.report import Report
from robot_student.robot import Robot
from robot_student.script import Script
from robot_student.settings import Manners, SpeechSettings
from robot_student.voice import RATE, Voice

pytestmark = pytest.mark.live


class Server(Protocol):
    url: str
    api_key: str
    api_secret: str


def babble(seconds: float, seed: int = 1) -> Samples:
    """Noise with the loudness of speech, in syllables of a quarter of a second."""
    time_axis = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).normal(0.0, 3000.0, len(time_axis))
    syllables = 0.55 + 0.45 * np.cos(2 * np.pi * 4 * time_axis)
    result: Samples = np.clip(noise * syllables, -32000, 32000).astype(np.int16)
    return result


def speech_service() -> httpx.MockTransport:
    """Deepgram's speak API: 0.3 s of silence before and after the words."""

    def speak(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/speak"
        assert request.url.params["sample_rate"] == str(RATE)
        words = json.loads(request.content)["text"].split()
        silence = np.zeros(int(0.3 * RATE), np.int16)
        speech = np.concatenate([silence, babble(0.25 * len(words)), silence])
        return httpx.Response(200, content=speech.tobytes())

    return httpx.MockTransport(speak)


@dataclass
class FakeExaminer:
    """Holds an exam by a coroutine of its own, and notes exact times."""

    room: rtc.Room
    source: rtc.AudioSource
    hearing: Hearing
    pressed: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    turns: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def show(self, phase: str, ask: dict[str, object] | None = None) -> None:
        await self.room.local_participant.set_attributes(
            {"voxam.phase": phase, "voxam.ask": json.dumps(ask) if ask else ""}
        )

    async def say(self, text: str, seconds: float = 0.6, *, patient: bool = True) -> bool:
        """False if the student spoke over it; `patient` goes on all the same."""
        writer = await self.room.local_participant.stream_text(
            topic="lk.transcription", attributes={"lk.segment_id": secrets.token_hex(4)}
        )
        await writer.write(text)
        samples = babble(seconds, seed=2)
        whole = True
        for start in range(0, len(samples), RATE // 50):
            if self.hearing.going_on and not patient:
                self.source.clear_queue()
                whole = False
                break
            frame = samples[start : start + RATE // 50]
            await self.source.capture_frame(rtc.AudioFrame(frame.tobytes(), RATE, 1, len(frame)))
        await self.source.wait_for_playout()
        await writer.aclose(attributes={"lk.transcription_final": "true"})
        return whole

    async def answer(self, delay: float) -> None:
        """Wait for the end of the student's turn, and then until `delay` after its last sound."""
        while len(self.hearing.stretches) <= self.turns or self.hearing.going_on:
            self.heard.clear()
            await self.heard.wait()
        ended = self.hearing.stretches[-1].ended
        assert ended is not None
        self.turns = len(self.hearing.stretches)
        await asyncio.sleep(ended + delay - time.monotonic())


@asynccontextmanager
async def examiner(server: Server, room_name: str) -> AsyncIterator[FakeExaminer]:
    token = (
        api.AccessToken(server.api_key, server.api_secret)
        .with_identity("examiner")
        .with_grants(api.VideoGrants(room_join=True, room=room_name, can_update_own_metadata=True))
    )
    room = rtc.Room()
    source = rtc.AudioSource(RATE, 1, queue_size_ms=50)
    fake = FakeExaminer(room, source, Hearing())
    fake.hearing = Hearing(on_end=lambda _: fake.heard.set())
    ears: list[asyncio.Task[None]] = []
    room.on(
        "track_subscribed",
        lambda track, *_: ears.append(asyncio.create_task(ear.listen(track, fake.hearing))),
    )
    await room.connect(server.url, token.to_jwt())

    def button(name: str) -> None:
        async def pressed(_: rtc.RpcInvocationData) -> str:
            fake.pressed.put_nowait(name)
            return '{"ok": true}'

        room.local_participant.register_rpc_method(f"exam.{name}", pressed)

    for name in ("ready", "repeat", "skip", "pause", "end"):
        button(name)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    await room.local_participant.publish_track(track)
    try:
        yield fake
    finally:
        for task in ears:
            task.cancel()
        await asyncio.gather(*ears, return_exceptions=True)
        await room.disconnect()
        await source.aclose()


@asynccontextmanager
async def door(server: Server, room_name: str) -> AsyncIterator[str]:
    """A token API with one place; yields the invitation link."""

    async def join(request: Request) -> JSONResponse:
        body = await request.json()
        if body["invitation"] != "good":
            error = {"code": "invitation_expired", "message": "This invitation has expired."}
            return JSONResponse({"error": error}, 401)
        token = (
            api.AccessToken(server.api_key, server.api_secret)
            .with_identity("student")
            .with_grants(api.VideoGrants(room_join=True, room=room_name))
        )
        return JSONResponse(
            {
                "session_id": "sitting",
                "room_name": room_name,
                "livekit_url": server.url,
                "token": token.to_jwt(),
                "resumed": False,
            }
        )

    app = Starlette(routes=[Route("/join", join, methods=["POST"])])
    web = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none", lifespan="off"))
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(web.serve([listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/#invitation=good"
    finally:
        web.should_exit = True
        await serving
        listener.close()


def robot(
    link: str,
    script: dict[str, object],
    record: Path | None = None,
    *,
    timeout_s: float = 60,
    arrival_s: float = 30,
    idle_s: float = 30,
) -> Robot:
    """A quick robot. Its patience is long by default: a busy machine is no part of the exam."""
    return Robot(
        link,
        Script.model_validate(script),
        voice=Voice(SpeechSettings(), transport=speech_service()),
        manners=Manners(quiet_s=0.45, opening_quiet_s=0.6, idle_s=idle_s, arrival_s=arrival_s),
        timeout_s=timeout_s,
        record=record,
    )


def _livekit(server: Server) -> api.LiveKitAPI:
    return api.LiveKitAPI(server.url, server.api_key, server.api_secret)


Exam = Callable[[FakeExaminer], Awaitable[None]]


async def hold(
    server: Server,
    exam: Exam,
    script: dict[str, object],
    record: Path | None = None,
    *,
    idle_s: float = 30,
) -> Report:
    """An exam of the fake examiner with a robot, in a room of its own."""
    room_name = f"robot-{secrets.token_hex(4)}"
    async with _livekit(server) as livekit:
        await livekit.room.create_room(api.CreateRoomRequest(name=room_name))
    async with door(server, room_name) as link, examiner(server, room_name) as fake:
        holding = asyncio.ensure_future(exam(fake))
        try:
            report = await robot(link, script, record, idle_s=idle_s).take_exam()
        finally:
            holding.cancel()
            await asyncio.gather(holding, return_exceptions=True)
        return report


def ask(name: str, text: str) -> dict[str, object]:
    return {"id": name, "kind": "open", "text": text, "options": None}


async def test_measured_waits_follow_the_examiners_delays(
    livekit_server: Server, tmp_path: Path
) -> None:
    delays = [0.5, 1.1, 0.5]

    async def exam(fake: FakeExaminer) -> None:
        assert await fake.pressed.get() == "ready"
        await fake.show("soundcheck")
        await fake.say("Can you hear me?")
        await fake.answer(delays[0])
        for name, delay in zip(("nucleus", "unknown"), delays[1:], strict=True):
            question = ask(name, f"What is {name}?")
            await fake.show("asking", question)
            await fake.say(f"Thank you. What is {name}?")
            await fake.show("listening", question)
            await fake.answer(delay)
        await fake.show("closing")
        await fake.say("That was all.")
        await fake.show("finished")

    script: dict[str, object] = {
        "exam": "cells",
        "soundcheck": "I can",
        "questions": {"nucleus": "It holds the genes."},
        "anything_else": "No idea.",
    }
    report = await hold(livekit_server, exam, script, tmp_path)

    assert report.completed, report.failure
    assert not report.errors
    assert [turn.said for turn in report.turns] == ["I can", "It holds the genes.", "No idea."]
    assert [turn.question for turn in report.turns] == ["", "nucleus", "unknown"]
    assert [turn.asked for turn in report.turns[1:]] == [True, True]
    waits = [turn.wait_ms for turn in report.turns if turn.wait_ms is not None]
    # Over the injected delay come the network, codecs and jitter buffers of both directions.
    paths = [wait - delay * 1000 for wait, delay in zip(waits, delays, strict=True)]
    # How long that takes is the machine's affair; that no wait is told too short is the robot's.
    assert all(path >= 20 for path in paths), paths
    assert report.join_to_first_word_ms is not None
    assert report.join_to_first_word_ms < 5000

    said, heard = (_stretches(tmp_path / name) for name in ("said.wav", "heard.wav"))
    assert [s.began for s in said] == pytest.approx([t.at_s for t in report.turns], abs=0.03)
    assert [h.began for h in heard] == pytest.approx([r.at_s for r in report.replies], abs=0.05)
    recorded = [
        1000 * (reply.began - (turn.ended or 0))
        for turn, reply in zip(said, heard[1:], strict=True)
    ]
    assert recorded == pytest.approx(waits, abs=50)


def _stretches(path: Path) -> list[Stretch]:
    with wave.open(str(path)) as recording:
        rate = recording.getframerate()
        samples = np.frombuffer(recording.readframes(recording.getnframes()), np.int16)
    return stretches(samples, rate)


async def test_interrupts_a_question_and_times_the_silence(livekit_server: Server) -> None:
    stopped: list[float] = []
    question = ask("golgi", "What does it pack?")

    async def exam(fake: FakeExaminer) -> None:
        await fake.show("asking", question)
        assert not await fake.say("What does it pack?", 5.0, patient=False)
        stopped.append(time.monotonic())
        await fake.answer(0.5)
        await fake.say("What does it pack?")
        await fake.show("listening", question)
        await fake.answer(0.5)
        await fake.show("finished")

    golgi = [{"barge_in": {"after_seconds": 0.6, "say": "Wait, sorry."}}, {"say": "Proteins."}]
    began = time.monotonic()
    report = await hold(livekit_server, exam, {"exam": "cells", "questions": {"golgi": golgi}})

    assert report.completed, report.failure
    assert len(report.turns) == 2, report.turns
    barge_in, answer = report.turns
    assert (barge_in.kind, barge_in.phase, answer.kind) == ("barge_in", "asking", "say")
    first_word = report.replies[0].at_s
    assert 0.5 <= barge_in.at_s - first_word <= 3.0
    assert barge_in.barge_in_ms is not None
    assert barge_in.barge_in_ms >= 60, "no network is as quick as that"
    assert report.barge_in_ms.n == 1
    assert stopped[0] - began > barge_in.at_s
    assert report.waits_ms.n == 0, "an interruption is no answer, and nothing followed the last one"


async def test_presses_pauses_and_being_cut_off(livekit_server: Server) -> None:
    buttons: list[str] = []

    async def exam(fake: FakeExaminer) -> None:
        question = ask("atp", "What is ATP?")
        assert await fake.pressed.get() == "ready"
        await fake.show("listening", question)
        await fake.say("What is ATP?")
        for phase in ("paused", "listening", "listening"):
            buttons.append(await fake.pressed.get())
            await fake.show(phase, question)
            await fake.say("As you like.", 0.4)
        await fake.answer(0.0)
        await fake.say("Thank you.", 0.4)
        await fake.show("finished")

    steps = [
        {"press": "pause"},
        {"wait": 0.2},
        {"press": "pause"},
        {"press": "done"},
        {"press": "repeat"},
        {"pause_inside": ["It is", 0.9, "energy"]},
    ]
    report = await hold(livekit_server, exam, {"exam": "cells", "questions": {"atp": steps}})

    assert report.completed, report.failure
    assert buttons == ["pause", "pause", "repeat"]
    assert [turn.kind for turn in report.turns] == [
        *("press", "wait", "press", "press", "press", "pause_inside")
    ]
    assert len(report.errors) == 1, "the fake examiner knows no exam.done"
    assert "exam.done was refused" in report.errors[0]
    assert report.turns[-1].said == "It is … energy"
    assert report.turns[-1].cut_off
    assert report.cut_offs == 1


async def test_goes_on_with_the_next_examiner_and_breaks_a_silence(livekit_server: Server) -> None:
    question = ask("cell", "What is a cell?")

    async def exam(fake: FakeExaminer) -> None:
        await fake.pressed.get()
        await fake.show("asking", question)
        await fake.say("What is")
        async with examiner(livekit_server, fake.room.name) as successor:
            assert await successor.pressed.get() == "ready"
            await successor.say("Welcome back. What is a cell?")
            await successor.show("listening", question)
            await successor.answer(0.5)
            await successor.show("thinking", question)
            await successor.answer(0.0)
            await successor.show("finished")

    script: dict[str, object] = {"exam": "cells", "questions": {"cell": "A unit."}}
    report = await hold(livekit_server, exam, script, idle_s=1.2)

    assert report.completed, report.failure
    assert [(t.kind, t.said) for t in report.turns] == [
        ("say", "A unit."),
        ("idle", "I do not know."),
    ]
    assert "Welcome back. What is a cell?" in report.turns[0].heard_captions[0]


async def test_says_why_an_exam_broke(livekit_server: Server) -> None:
    async def exam(fake: FakeExaminer) -> None:
        await fake.pressed.get()
        await fake.show("asking")
        async with _livekit(livekit_server) as livekit:
            await livekit.room.delete_room(api.DeleteRoomRequest(room=fake.room.name))

    report = await hold(livekit_server, exam, {"exam": "cells", "questions": {}})

    assert not report.completed
    assert report.failure == "The room was left in phase asking: room deleted."


@pytest.mark.parametrize(
    ("timeout_s", "failure"),
    [
        (30, "No examiner was ready within 1 s."),
        (0.7, "The exam was not over after 0.7 s: phase waiting, question none."),
    ],
)
async def test_does_not_wait_for_ever(
    livekit_server: Server, timeout_s: float, failure: str
) -> None:
    async with _livekit(livekit_server) as livekit:
        await livekit.room.create_room(api.CreateRoomRequest(name="robot-alone"))
    async with door(livekit_server, "robot-alone") as link:
        alone = robot(link, {"exam": "x", "questions": {}}, timeout_s=timeout_s, arrival_s=1)
        report = await alone.take_exam()

    assert (report.completed, report.failure) == (False, failure)


async def test_a_room_that_is_not_there_is_told(livekit_server: Server) -> None:
    async with door(livekit_server, "robot-nowhere") as link:
        report = await robot(link, {"exam": "x", "questions": {}}).take_exam()

    assert report.failure is not None
    assert report.failure.startswith(f"The room at {livekit_server.url} cannot be entered: ")


async def test_a_refused_invitation_is_told(livekit_server: Server) -> None:
    async with door(livekit_server, "robot-none") as link:
        report = await robot(
            link.replace("good", "old"), {"exam": "x", "questions": {}}
        ).take_exam()

    assert not report.completed
    assert report.failure == (
        "Joining was refused (invitation_expired): This invitation has expired."
    )

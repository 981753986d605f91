"""Flux over its wire protocol, and a listener that outlives its connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from livekit import rtc
from livekit.agents import stt

from exam_graph.clock import MonotonicClock
from tests.flow.conftest import eventually
from worker.deepgram_flux import DeepgramFlux
from worker.failures import Kind
from worker.listening import Listening

pytestmark = pytest.mark.flow

FINAL = stt.SpeechEventType.FINAL_TRANSCRIPT
SAMPLES = 800


class Flux:
    """One connection after the other: `refusals` come first; `sockets` are what stands."""

    def __init__(self) -> None:
        self.refusals: list[int] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.audio: list[int] = []

    async def listen(self, request: web.Request) -> web.StreamResponse:
        if self.refusals:
            return web.Response(status=self.refusals.pop(0))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        self.audio.append(0)
        number = len(self.sockets) - 1
        await socket.send_json({"type": "Connected"})
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                self.audio[number] += len(message.data)
        return socket

    async def turn(self, event: str, text: str) -> None:
        words = [{"word": word, "confidence": 0.9} for word in text.split()]
        await self.sockets[-1].send_json(
            {
                "type": "TurnInfo",
                "event": event,
                "turn_index": 0,
                "audio_window_start": 0.0,
                "audio_window_end": 0.1,
                "transcript": text,
                "words": words,
            }
        )


class Student:
    """What is heard of one, and what fails meanwhile."""

    def __init__(self) -> None:
        self.failures: list[Kind] = []
        self.finals: list[str] = []
        self.interims: list[str] = []
        self.listening = Listening(MonotonicClock(), on_failure=self.failures.append)
        self.audio: asyncio.Queue[rtc.AudioFrame] = asyncio.Queue()

    def sends(self, frames: int) -> None:
        for _ in range(frames):
            self.audio.put_nowait(rtc.AudioFrame(bytes(2 * SAMPLES), 16_000, 1, SAMPLES))

    async def run(self, recogniser: DeepgramFlux) -> None:
        async def frames() -> AsyncIterator[rtc.AudioFrame]:
            while True:
                yield await self.audio.get()

        async for event in self.listening.hear(recogniser, frames()):
            texts = [each.text for each in event.alternatives]
            if event.type is FINAL:
                self.finals += texts
            else:
                self.interims += texts


@asynccontextmanager
async def _heard_by(flux: Flux) -> AsyncIterator[Student]:
    app = web.Application()
    app.add_routes([web.get("/v2/listen", flux.listen)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"ws://127.0.0.1:{runner.addresses[0][1]}/v2/listen"
    student = Student()
    async with aiohttp.ClientSession() as session:
        recogniser = DeepgramFlux(api_key="any", base_url=address, http_session=session)
        hearing = asyncio.create_task(student.run(recogniser))
        try:
            yield student
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)
    await runner.cleanup()


async def test_a_socket_that_closes_in_mid_word_costs_no_word_and_no_audio() -> None:
    flux = Flux()
    async with _heard_by(flux) as student:
        await eventually(lambda: student.listening.hears)
        student.sends(40)
        await flux.turn("StartOfTurn", "It makes")
        await eventually(lambda: "It makes" in student.interims)
        await flux.sockets[0].close(code=1011)
        await eventually(lambda: student.finals == ["It makes"])
        assert student.listening.take_fault() == "broken_off"
        assert student.failures == ["dropped"]
        await eventually(lambda: flux.audio[1] >= 38 * 2 * SAMPLES)
        await flux.turn("StartOfTurn", "atp")
        await flux.turn("EndOfTurn", "atp")
        await eventually(lambda: student.finals == ["It makes", "atp"])


@pytest.mark.parametrize(("status", "kind"), [(401, "refused"), (429, "limited")])
async def test_a_refusal_is_named_and_tried_again(status: int, kind: Kind) -> None:
    flux = Flux()
    flux.refusals = [status, status]
    async with _heard_by(flux) as student:
        await eventually(lambda: student.listening.hears)
        assert student.failures == [kind, kind]


async def test_fluxs_own_error_is_no_longer_swallowed() -> None:
    flux = Flux()
    async with _heard_by(flux) as student:
        await eventually(lambda: student.listening.hears)
        await flux.sockets[0].send_json({"type": "Error", "description": "broken"})
        await eventually(lambda: len(flux.sockets) == 2)
        assert student.failures == ["error"]
        await eventually(lambda: student.listening.hears)


async def test_an_update_without_words_is_a_sign_of_life() -> None:
    flux = Flux()
    async with _heard_by(flux) as student:
        await eventually(lambda: student.listening.hears)
        student.listening.hear_voice(speaking=True)
        for _ in range(4):
            student.sends(40)
            await eventually(student.audio.empty)
            await flux.turn("Update", "")
            await eventually(lambda: student.listening._deafness._unheard_s == 0)
        assert student.failures == []
        student.sends(80)
        await eventually(lambda: student.failures == ["deaf"])
        assert student.interims == []

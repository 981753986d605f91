"""Every request that carries a student's voice, or what is said to them, asks Deepgram not to keep
it: on the wire, as the plugins send it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from livekit import rtc
from livekit.agents import APIConnectOptions, APIError
from livekit.agents.utils import http_context
from livekit.agents.vad import VAD
from pydantic import SecretStr

from exam_graph.phrasebook import phrasebook
from exam_graph.profile import Profile
from exam_graph.rules import RulesUnderstanding
from exam_graph.state import ExamContext, first_state
from tests.unit.test_worker_pace import PAPER
from worker.no_model import NoModel
from worker.settings import Settings
from worker.speech import build_session, build_voice
from worker.warmup import Warm

pytestmark = pytest.mark.unit

ONCE = APIConnectOptions(max_retry=0, timeout=2.0)


class Deepgram:
    """Takes whatever comes, and keeps how it was asked."""

    def __init__(self) -> None:
        self.asked: dict[str, list[str]] = {}
        self.heard = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.setdefault(request.path, []).append(request.query.get("mip_opt_out", ""))
        self.heard.set()
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(status=400)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[Deepgram, Settings]]:
    stand_in = Deepgram()
    site = web.Application()
    site.router.add_route("*", "/{path:.*}", stand_in.answer)
    async with TestServer(site) as server, http_context.open():
        origin = str(server.make_url("")).rstrip("/")
        yield stand_in, Settings(deepgram_api_key=SecretStr("key"), deepgram_base_url=origin)


def context() -> ExamContext:
    return ExamContext(PAPER, phrasebook("en"), RulesUnderstanding(()), Profile())


async def test_the_students_voice_is_not_to_be_kept() -> None:
    warm = Warm(cast(VAD, None), cast(Any, None), NoModel(), cast(Any, None))
    async with listening() as (deepgram, settings):
        session = build_session(settings, context(), first_state(["sum"]), warm)
        assert session.stt is not None
        stream = session.stt.stream(conn_options=ONCE)
        stream.push_frame(rtc.AudioFrame(b"\0" * 3200, 16_000, 1, 1600))
        async with asyncio.timeout(5):
            await deepgram.heard.wait()
        await stream.aclose()
    assert deepgram.asked.keys() == {"/v2/listen"}
    assert set(deepgram.asked["/v2/listen"]) == {"true"}


@pytest.mark.parametrize("slow", [False, True])
async def test_what_is_said_to_a_student_is_not_to_be_kept(slow: bool) -> None:
    async with listening() as (deepgram, settings):
        voice = build_voice(settings, Profile(), slow=slow)
        stream = voice.stream(conn_options=ONCE)
        stream.push_text("Why does it rain?")
        stream.end_input()
        async with asyncio.timeout(5):
            await deepgram.heard.wait()
        await stream.aclose()
        with pytest.raises(APIError):
            await voice.synthesize("Why does it rain?", conn_options=ONCE).collect()
        await voice.aclose()
    assert deepgram.asked.keys() == {"/v1/speak"}
    assert len(deepgram.asked["/v1/speak"]) >= 2
    assert set(deepgram.asked["/v1/speak"]) == {"true"}

"""The benchmark's stand-ins, spoken to by the clients that the systems under test use."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import openai
import pytest
import soxr
from livekit import rtc
from livekit.agents import stt
from livekit.plugins import deepgram

from bench.script import Script
from bench.speech.clips import FOLDER, RATE, Clips
from bench.speech.marker import Samples, encode
from tests.processes import ROOT, running

pytestmark = pytest.mark.live

HEARD = 16_000
STUDENT = 9
SCRIPT = Script.load()
CLIPS = Clips(ROOT / FOLDER)
KINDS = stt.SpeechEventType


@dataclass(frozen=True)
class StandIns:
    origin: str
    log: Path

    def events(self, **wanted: Any) -> list[dict[str, Any]]:
        entries = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [each for each in entries if wanted.items() <= each.items()]


@pytest.fixture(scope="module")
def stand_ins(
    free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StandIns]:
    CLIPS.prepare(SCRIPT.lines)
    folder, port = tmp_path_factory.mktemp("bench"), free_port()
    command = [sys.executable, "-m", "bench.providers", "--port", str(port)]
    command += ["--log", str(folder / "log"), "--clips", str(ROOT / FOLDER)]
    origin = f"http://127.0.0.1:{port}"
    with running(command, f"{origin}/healthz", folder / "out", 30, {}):
        yield StandIns(origin, folder / "log")


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def sound(line_id: int, quiet_s: float) -> list[rtc.AudioFrame]:
    """Room noise, marker, clip and quiet as 50 ms frames."""
    line = SCRIPT.lines[line_id]
    room = np.zeros(round(0.3 * RATE), np.int16)
    quiet = np.zeros(round(quiet_s * RATE), np.int16)
    whole = np.concatenate([room, encode(STUDENT, line_id, RATE), CLIPS.clip(line), quiet])
    samples: Samples = soxr.resample(whole, RATE, HEARD)
    size = HEARD // 20
    pieces = [samples[at : at + size] for at in range(0, len(samples), size)]
    return [rtc.AudioFrame(piece.tobytes(), HEARD, 1, len(piece)) for piece in pieces]


async def hear(
    stand_ins: StandIns, http: aiohttp.ClientSession, line_id: int, quiet_s: float, **options: Any
) -> list[stt.SpeechEvent]:
    plugin = deepgram.STTv2(
        api_key="local",
        base_url=f"{stand_ins.origin.replace('http', 'ws', 1)}/v2/listen",
        mip_opt_out=True,
        http_session=http,
        **options,
    )
    stream = plugin.stream()
    for frame in sound(line_id, quiet_s):
        stream.push_frame(frame)
    stream.end_input()
    events = [event async for event in stream if event.type is not KINDS.RECOGNITION_USAGE]
    await stream.aclose()
    return events


async def test_the_plugin_hears_a_line_with_a_guess_in_vain(
    stand_ins: StandIns, http: aiohttp.ClientSession
) -> None:
    events = await hear(stand_ins, http, 6, 1.0, eager_eot_threshold=0.4, eot_threshold=0.7)
    kinds = [event.type for event in events if event.type is not KINDS.INTERIM_TRANSCRIPT]
    assert kinds == [
        KINDS.START_OF_SPEECH,
        *[KINDS.PREFLIGHT_TRANSCRIPT] * 2,
        KINDS.FINAL_TRANSCRIPT,
        KINDS.END_OF_SPEECH,
    ]
    assert events[-2].alternatives[0].text == SCRIPT.lines[6].said
    of_line = {"provider": "flux", "student": STUDENT, "line": 6}
    logged = [event["event"] for event in stand_ins.events(**of_line)]
    assert logged == [
        *("marker", "start_of_turn", "eager", "resumed", "true_end", "eager", "end_of_turn")
    ]
    end = stand_ins.events(**of_line, event="end_of_turn")[0]
    assert end["after_end"] == pytest.approx(0.26, abs=0.001)
    assert end["trigger"] == "model"


async def test_a_pause_in_an_unfinished_line_ends_no_turn(
    stand_ins: StandIns, http: aiohttp.ClientSession
) -> None:
    events = await hear(stand_ins, http, 9, 1.0, eager_eot_threshold=0.3, eot_threshold=0.5)
    finals = [event for event in events if event.type is KINDS.FINAL_TRANSCRIPT]
    assert [event.alternatives[0].text for event in finals] == [SCRIPT.lines[9].said]


async def test_configure_moves_the_end_of_a_turn(
    stand_ins: StandIns, http: aiohttp.ClientSession
) -> None:
    url = f"{stand_ins.origin}/v2/listen?model=flux-general-en&sample_rate={HEARD}"
    frames = [frame.data.tobytes() for frame in sound(4, 1.0)]
    async with http.ws_connect(url) as socket:
        for frame in frames[:40]:
            await socket.send_bytes(frame)
        wrong, right = {"eot_threshold": 0.2}, {"eot_threshold": 0.9, "eager_eot_threshold": 0.5}
        for thresholds in (wrong, right):
            await socket.send_json({"type": "Configure", "thresholds": thresholds})
        for frame in frames[40:]:
            await socket.send_bytes(frame)
        await socket.send_json({"type": "CloseStream"})
        messages = [message.json() async for message in socket]
    assert [each["sequence_id"] for each in messages] == list(range(len(messages)))
    kinds = [each["type"] for each in messages if each["type"] != "TurnInfo"]
    assert kinds == ["Connected", "ConfigureFailure", "ConfigureSuccess"]
    of_line = {"student": STUDENT, "line": 4}
    (eager,) = stand_ins.events(event="eager", **of_line)
    (end,) = stand_ins.events(event="end_of_turn", **of_line)
    assert eager["after_end"] == pytest.approx(0.150, abs=0.001)
    assert end["after_end"] == pytest.approx(0.497, abs=0.001)


@pytest.mark.parametrize("rate", [24_000, 48_000])
async def test_the_plugin_speaks_acknowledgement_and_content(
    stand_ins: StandIns, http: aiohttp.ClientSession, rate: int
) -> None:
    plugin = deepgram.TTS(
        api_key="local",
        base_url=f"{stand_ins.origin}/v1/speak",
        sample_rate=rate,
        mip_opt_out=True,
        http_session=http,
    )
    stream = plugin.stream()
    stream.push_text("Thank you. ")
    stream.push_text("Why is the sky blue at noon?")
    stream.end_input()
    streamed = [part.frame async for part in stream]
    await stream.aclose()
    whole = [part.frame async for part in plugin.synthesize("Why is the sky blue at noon?")]
    await plugin.aclose()
    assert pitches(streamed) == [440, 660]
    assert pitches(whole) == [660]
    assert sum(frame.duration for frame in whole) == pytest.approx(28 * 0.012 + 0.064, abs=0.011)


def pitches(frames: list[rtc.AudioFrame]) -> list[int]:
    """The strongest frequency of each 100 ms, once as long as it stays."""
    rate = frames[0].sample_rate
    samples = np.concatenate([np.frombuffer(frame.data, np.int16) for frame in frames])
    found: list[int] = []
    for piece in samples[: len(samples) // (rate // 10) * (rate // 10)].reshape(-1, rate // 10):
        if np.abs(piece).max() > 3000:
            pitch = int(np.abs(np.fft.rfft(piece)).argmax()) * 10
            nearest = min((440, 660), key=lambda each: abs(each - pitch))
            assert abs(nearest - pitch) <= 20
            found += [nearest] if found[-1:] != [nearest] else []
    return found


async def test_openai_streams_the_reply_of_the_line_said_last(stand_ins: StandIns) -> None:
    line = SCRIPT.lines[4]
    async with client(stand_ins) as groq:
        assert "openai/gpt-oss-20b" in [model.id async for model in groq.models.list()]
        stream = await groq.chat.completions.create(
            model="llama-3.3-70b-versatile",
            messages=[
                {"role": "system", "content": "Hold an exam."},
                {"role": "user", "content": SCRIPT.lines[3].said},
                {"role": "user", "content": line.said.upper()},
            ],
            stream=True,
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert text == line.reply
    request = stand_ins.events(provider="groq", event="request", line=4)[0]
    events = {each["event"]: each for each in stand_ins.events(request=request["request"])}
    assert events["first_token"]["t"] - request["t"] >= 0.159
    assert events["done"]["t"] - events["first_token"]["t"] >= (len(text) / 4 - 2) / 280


async def test_a_client_that_goes_away_is_logged(stand_ins: StandIns) -> None:
    line = SCRIPT.lines[7]
    async with client(stand_ins) as groq:
        stream = await groq.chat.completions.create(
            model="llama-3.3-70b-versatile",
            messages=[{"role": "user", "content": line.said}],
            stream=True,
        )
        await stream.close()
    request = stand_ins.events(provider="groq", event="request", line=7)[0]
    ended = await logged(stand_ins, ("cancelled", "done"), request=request["request"])
    assert ended["event"] == "cancelled"


async def test_a_connection_is_logged_with_its_process(
    stand_ins: StandIns, http: aiohttp.ClientSession
) -> None:
    async with http.ws_connect(f"{stand_ins.origin}/v1/speak"):
        await logged(stand_ins, ("peer",), pid=os.getpid())


async def logged(stand_ins: StandIns, events: tuple[str, ...], **wanted: Any) -> dict[str, Any]:
    """The first such event, as soon as it is there."""
    for _ in range(500):
        for each in stand_ins.events(**wanted):
            if each["event"] in events:
                return each
        await asyncio.sleep(0.01)
    raise AssertionError(f"{events} of {wanted} was not logged")


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        (404, {"model": "gpt-5"}),
        (400, {"stream": True, "response_format": {"type": "json_schema"}}),
        (401, {"key": ""}),
    ],
)
async def test_what_groq_refuses_is_refused(
    stand_ins: StandIns, status: int, changes: dict[str, Any]
) -> None:
    key = changes.pop("key", "any")
    messages = [{"role": "user", "content": "Hello"}]
    body = {"model": "openai/gpt-oss-20b", "messages": messages, **changes}
    async with aiohttp.ClientSession() as session:
        url = f"{stand_ins.origin}/openai/v1/chat/completions"
        headers = {"authorization": f"Bearer {key}"}
        async with session.post(url, json=body, headers=headers) as response:
            assert response.status == status
            assert (await response.json())["error"]["type"] == "invalid_request_error"


def client(stand_ins: StandIns) -> openai.AsyncOpenAI:
    base_url = f"{stand_ins.origin}/openai/v1"
    return openai.AsyncOpenAI(api_key="any", base_url=base_url, max_retries=0)

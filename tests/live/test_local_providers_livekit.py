"""LiveKit's own Deepgram plugins against a real server, as the worker uses them."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator

import aiohttp
import jiwer
import pytest
from livekit import rtc
from livekit.agents import stt, tts
from livekit.plugins import deepgram

pytestmark = pytest.mark.live

RATE = 16_000
TEXT = "The heart pumps blood. It is a muscle, and it never gets tired."


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def configured() -> Iterator[asyncio.Event]:
    """Set once the plugin has heard that its Configure was applied: it only says so in its log."""
    event = asyncio.Event()

    def notice(record: logging.LogRecord) -> bool:
        if record.getMessage() == "deepgram applied Configure update":
            event.set()
        return True

    plugin = logging.getLogger("livekit.plugins.deepgram")
    level = plugin.level
    plugin.setLevel(logging.DEBUG)
    plugin.addFilter(notice)
    yield event
    plugin.removeFilter(notice)
    plugin.setLevel(level)


def listener(origin: str, http: aiohttp.ClientSession) -> deepgram.STTv2:
    return deepgram.STTv2(
        model="flux-general-en",
        eager_eot_threshold=0.4,
        eot_threshold=0.7,
        eot_timeout_ms=3000,
        keyterm=["heart"],
        api_key="local",
        base_url=f"{origin.replace('http', 'ws', 1)}/v2/listen",
        mip_opt_out=True,
        http_session=http,
    )


def speaker(origin: str, http: aiohttp.ClientSession, rate: int = 24000) -> deepgram.TTS:
    return deepgram.TTS(
        model="aura-2-orion-en",
        sample_rate=rate,
        api_key="local",
        base_url=f"{origin}/v1/speak",
        mip_opt_out=True,
        http_session=http,
    )


async def speech(origin: str, http: aiohttp.ClientSession, text: str) -> list[rtc.AudioFrame]:
    voice = speaker(origin, http, RATE)
    frames = [part.frame async for part in voice.synthesize(text)]
    await voice.aclose()
    return frames


def quiet(seconds: float) -> rtc.AudioFrame:
    samples = round(seconds * RATE)
    return rtc.AudioFrame(bytes(2 * samples), RATE, 1, samples)


async def collect(stream: stt.RecognizeStream) -> list[stt.SpeechEvent]:
    return [
        event async for event in stream if event.type is not stt.SpeechEventType.RECOGNITION_USAGE
    ]


async def test_the_plugin_hears_a_turn(local_providers: str, http: aiohttp.ClientSession) -> None:
    plugin = listener(local_providers, http)
    stream = plugin.stream()
    events = asyncio.create_task(collect(stream))
    for frame in [quiet(0.5), *await speech(local_providers, http, TEXT), quiet(2)]:
        stream.push_frame(frame)
    stream.end_input()
    heard = await events
    await stream.aclose()
    kinds = [event.type for event in heard]
    assert kinds[0] is stt.SpeechEventType.START_OF_SPEECH
    assert kinds[-3:] == [
        stt.SpeechEventType.PREFLIGHT_TRANSCRIPT,
        stt.SpeechEventType.FINAL_TRANSCRIPT,
        stt.SpeechEventType.END_OF_SPEECH,
    ]
    final = heard[-2].alternatives[0]
    said, heard_words = (re.sub(r"[^a-z ]", "", text.lower()) for text in (TEXT, final.text))
    assert jiwer.wer(said, heard_words) < 0.3
    assert final.text == heard[-3].alternatives[0].text
    assert 0.5 < final.confidence <= 1
    assert final.words is not None


async def test_the_plugin_changes_thresholds_in_mid_stream(
    local_providers: str, http: aiohttp.ClientSession, configured: asyncio.Event
) -> None:
    plugin = listener(local_providers, http)
    stream = plugin.stream()
    found: asyncio.Queue[stt.SpeechEvent] = asyncio.Queue()

    async def read() -> None:
        async for event in stream:
            found.put_nowait(event)

    reader = asyncio.create_task(read())
    frames = await speech(local_providers, http, TEXT)
    for frame in frames:
        stream.push_frame(frame)
    while (await found.get()).type is not stt.SpeechEventType.START_OF_SPEECH:
        pass
    plugin.update_options(eot_threshold=1.0, eot_timeout_ms=60000, keyterm=["muscle"])
    await configured.wait()
    stream.push_frame(quiet(5))
    stream.end_input()
    await reader
    await stream.aclose()
    kinds = [found.get_nowait().type for _ in range(found.qsize())]
    assert stt.SpeechEventType.FINAL_TRANSCRIPT not in kinds


async def test_the_plugin_speaks_a_stream_and_a_batch(
    local_providers: str, http: aiohttp.ClientSession
) -> None:
    plugin = speaker(local_providers, http, 48000)
    stream = plugin.stream()
    stream.push_text("First of all, good morning. ")
    stream.push_text("Are you ready?")
    stream.end_input()
    streamed = [part async for part in stream]
    await stream.aclose()
    batch = [part async for part in plugin.synthesize("Are you ready?")]
    await plugin.aclose()
    assert _seconds(streamed) > 1.5
    assert 0.5 < _seconds(batch) < 2
    assert {part.frame.sample_rate for part in streamed + batch} == {48000}


def _seconds(parts: list[tts.SynthesizedAudio]) -> float:
    return sum(part.frame.duration for part in parts)

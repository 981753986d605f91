"""`/v1/speak` of a real server with a real voice, used plainly and by Deepgram's SDK."""

import asyncio
import io
import json
import wave
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import httpx
import numpy as np
import pytest
from deepgram import AsyncDeepgramClient, DeepgramClient, DeepgramClientEnvironment
from deepgram.core.api_error import ApiError
from deepgram.errors import BadRequestError
from deepgram.speak.v1.types import (
    SpeakV1Cleared,
    SpeakV1Flushed,
    SpeakV1Metadata,
    SpeakV1Text,
    SpeakV1Warning,
)
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

pytestmark = pytest.mark.live

MODELS: dict[str, Any] = {
    "Metadata": SpeakV1Metadata,
    "Flushed": SpeakV1Flushed,
    "Cleared": SpeakV1Cleared,
    "Warning": SpeakV1Warning,
}
TEXT = "Good morning. Today we talk about the heart. Are you ready?"


def address(origin: str, **query: Any) -> str:
    query = {"model": "aura-2-orion-en", "encoding": "linear16", "sample_rate": 24000} | query
    return f"{origin.replace('http', 'ws', 1)}/v1/speak?{urlencode(query)}"


async def post(origin: str, body: Any = None, **query: Any) -> httpx.Response:
    query = {"model": "aura-2-orion-en", "container": "none"} | query
    async with httpx.AsyncClient(timeout=60) as client:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await client.post(f"{origin}/v1/speak", params=query, content=content)


async def send(socket: ClientConnection, *messages: dict[str, Any]) -> None:
    for message in messages:
        await socket.send(json.dumps(message))


async def receive(socket: ClientConnection, until: str) -> tuple[bytes, list[dict[str, Any]]]:
    """Audio and messages up to one of type `until`; every message is one of Deepgram's."""
    audio = b""
    said: list[dict[str, Any]] = []
    while not said or said[-1]["type"] != until:
        raw = await socket.recv()
        if isinstance(raw, bytes):
            audio += raw
        else:
            said.append(json.loads(raw))
            MODELS[said[-1]["type"]].model_validate(said[-1], strict=True)
    return audio, said


def seconds(audio: bytes, rate: int = 24000) -> float:
    return len(audio) / 2 / rate


def pitch(audio: bytes, rate: int = 24000) -> float:
    """Hertz: the median over loud frames of the best autocorrelation lag."""
    samples = np.frombuffer(audio, "<i2").astype(float)
    size = rate // 20
    found = []
    for start in range(0, len(samples) - size, size):
        frame = samples[start : start + size]
        if np.abs(frame).max() < 4000:
            continue
        same = np.correlate(frame, frame, "full")[size - 1 :]
        lags = slice(rate // 300, rate // 60)
        found.append(rate / (lags.start + int(same[lags].argmax())))
    return float(np.median(found))


async def test_word_by_word_gives_one_audio_and_one_flushed(local_providers: str) -> None:
    async with connect(address(local_providers)) as socket:
        await send(socket, *({"type": "Speak", "text": f"{word} "} for word in TEXT.split()))
        await send(socket, {"type": "Flush"})
        audio, said = await receive(socket, "Flushed")
        await send(socket, {"type": "Flush"})
        nothing, again = await receive(socket, "Flushed")
    assert [message["type"] for message in said] == ["Metadata", "Flushed"]
    assert said[0]["model_name"] == "aura-2-orion-en"
    assert 2 < seconds(audio) < 7
    assert len(audio) % 2 == 0
    assert nothing == b""
    assert (said[-1]["sequence_id"], again[-1]["sequence_id"]) == (0, 1)


async def test_the_first_sentence_is_heard_before_the_last_is_made(local_providers: str) -> None:
    text = " ".join(f"This is the sentence with number {number}." for number in range(20, 24))
    async with connect(address(local_providers)) as socket:
        await send(socket, {"type": "Speak", "text": text}, {"type": "Flush"})
        began = monotonic()
        while not isinstance(await socket.recv(), bytes):
            pass
        first = monotonic() - began
        await receive(socket, "Flushed")
        assert first < (monotonic() - began) / 2


async def test_clear_stops_what_is_pending(local_providers: str) -> None:
    long = " ".join(f"Here is yet another sentence, number {n}." for n in range(12))
    async with connect(address(local_providers)) as socket:
        await send(socket, {"type": "Speak", "text": long}, {"type": "Flush"})
        while not isinstance(await socket.recv(), bytes):
            pass
        await send(socket, {"type": "Clear"})
        before, said = await receive(socket, "Cleared")
        await send(socket, {"type": "Speak", "text": "Stopped."}, {"type": "Flush"})
        after, rest = await receive(socket, "Flushed")
    assert seconds(before) < 8
    assert [message["type"] for message in [*said, *rest]] == ["Cleared", "Flushed"]
    assert 0.2 < seconds(after) < 2


async def test_close_sends_what_is_pending_first(local_providers: str) -> None:
    async with connect(address(local_providers)) as socket:
        await send(socket, {"type": "Speak", "text": "Goodbye."}, {"type": "Close"})
        received = [raw async for raw in socket]
    assert sum(len(raw) for raw in received if isinstance(raw, bytes)) > 9600


@pytest.mark.parametrize(
    "message", ["{", "[" * 9000, "[]", '{"type": "Speak"}', '{"type": "Sing"}', b"\0\0", "long"]
)
async def test_bad_input_is_warned_of_and_the_stream_goes_on(
    local_providers: str, message: str | bytes
) -> None:
    if message == "long":
        message = json.dumps({"type": "Speak", "text": "x" * 2001})
    async with connect(address(local_providers)) as socket:
        await socket.send(message)
        _, said = await receive(socket, "Warning")
        assert said[-1]["description"]
        await send(socket, {"type": "Speak", "text": "Good morning."}, {"type": "Flush"})
        audio, _ = await receive(socket, "Flushed")
    assert seconds(audio) > 0.3


async def test_rate_speed_and_speaker_are_as_asked(local_providers: str) -> None:
    # It never says a sentence twice alike: of one alone the pitch differs by up to a tenth.
    text = (
        "We are now going to talk about the heart and the lungs. Then we look at how the blood "
        "moves through the body, and why it is red. Which part of it carries oxygen, and where "
        "does it go?"
    )
    body = {"text": text}
    usual = (await post(local_providers, body)).content
    other = await post(local_providers, body, model="aura-2-thalia-en")
    fast = (await post(local_providers, body, speed=1.5)).content
    slow = (await post(local_providers, body, sample_rate=8000)).content
    assert other.headers["content-type"] == "audio/l16;rate=24000;channels=1"
    assert other.headers["dg-model-name"] == "aura-2-thalia-en"
    assert 1.1 < pitch(other.content) / pitch(usual) < 1.3
    assert 0.75 < seconds(other.content) / seconds(usual) < 1.33
    assert 0.5 < seconds(fast) / seconds(usual) < 0.9
    assert 0.75 < seconds(slow, 8000) / seconds(usual) < 1.33


async def test_a_wav_is_a_whole_file(local_providers: str) -> None:
    response = await post(local_providers, {"text": TEXT}, container="wav", sample_rate=16000)
    assert response.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(response.content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        assert file.getnframes() / 16000 > 2
        assert len(file.readframes(file.getnframes())) == file.getnframes() * 2


@pytest.mark.parametrize(
    ("body", "query", "status", "says"),
    [
        ({"text": "x"}, {"model": "aura-2-hector-fr"}, 400, "model"),
        ({"text": "x"}, {"encoding": "mp3"}, 400, "encoding"),
        ({"text": "x"}, {"speed": 9}, 400, "speed"),
        ({"text": ""}, {}, 400, "text"),
        ({"text": 5}, {}, 400, "text"),
        ({}, {}, 400, "text"),
        (b"{", {}, 400, "JSON"),
        (b"\xff", {}, 400, "JSON"),
        ({"text": "x" * 2001}, {}, 413, "2000"),
        (b"x" * 100_000, {}, 413, "64000"),
    ],
)
async def test_a_bad_request_is_refused(
    local_providers: str, body: Any, query: dict[str, Any], status: int, says: str
) -> None:
    response = await post(local_providers, body, **query)
    assert response.status_code == status
    answer = response.json()
    assert set(answer) == {"err_code", "err_msg", "request_id"}
    assert says in answer["err_msg"]


async def test_a_bad_parameter_is_refused_before_the_stream(local_providers: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(address(local_providers, sample_rate=44100)):
            pass
    assert refused.value.response.status_code == 400


def environment(origin: str) -> DeepgramClientEnvironment:
    socket = origin.replace("http", "ws", 1)
    return DeepgramClientEnvironment(
        base=origin, production=socket, agent=socket, agent_rest=origin
    )


@pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")
def test_the_official_sdk_speaks(local_providers: str) -> None:
    with httpx.Client() as http:
        client = DeepgramClient(
            api_key="any", environment=environment(local_providers), httpx_client=http
        )
        with client.speak.v1.connect(
            model="aura-2-orion-en", encoding="linear16", sample_rate="24000"
        ) as connection:
            assert isinstance(connection.recv(), SpeakV1Metadata)
            connection.send_text(SpeakV1Text(type="Speak", text=TEXT))
            connection.send_flush()
            received = [connection.recv()]
            while not isinstance(received[-1], SpeakV1Flushed):
                received.append(connection.recv())
            connection.send_clear()
            assert connection.recv().type == "Cleared"
            connection.send_close()
        assert seconds(b"".join(part for part in received if isinstance(part, bytes))) > 2
        audio = b"".join(
            client.speak.v1.audio.generate(
                text=TEXT, model="aura-2-orion-en", encoding="linear16", container="none"
            )
        )
        assert seconds(audio) > 2
        with pytest.raises(BadRequestError):
            list(client.speak.v1.audio.generate(text=TEXT, model="aura-2-nobody-xx"))


@pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")
async def test_the_official_async_sdk_speaks(local_providers: str) -> None:
    async with httpx.AsyncClient() as http:
        client = AsyncDeepgramClient(
            api_key="any", environment=environment(local_providers), httpx_client=http
        )
        async with client.speak.v1.connect(
            model="aura-2-orion-en", encoding="linear16", sample_rate="24000"
        ) as connection:
            await connection.send_text(SpeakV1Text(type="Speak", text=TEXT))
            await connection.send_flush()
            received: list[Any] = [await connection.recv()]
            while not isinstance(received[-1], SpeakV1Flushed):
                received.append(await connection.recv())
            await connection.send_close()
        assert isinstance(received[0], SpeakV1Metadata)
        assert seconds(b"".join(part for part in received if isinstance(part, bytes))) > 2
        parts = client.speak.v1.audio.generate(
            text=TEXT, model="aura-2-orion-en", encoding="linear16", container="wav"
        )
        assert b"".join([part async for part in parts])[:4] == b"RIFF"
        with pytest.raises(ApiError) as refused:
            async for _ in client.speak.v1.audio.generate(text="x" * 2001, model="aura-2-orion-en"):
                pass
        assert refused.value.status_code == 413


async def test_two_streams_do_not_share_their_audio(local_providers: str) -> None:
    async def one(text: str) -> float:
        async with connect(address(local_providers)) as socket:
            await send(socket, {"type": "Speak", "text": text}, {"type": "Flush"})
            audio, _ = await receive(socket, "Flushed")
        return seconds(audio)

    short, long = await asyncio.gather(one("Yes."), one(TEXT * 3))
    assert short < 1.5
    assert long > 6


@pytest.mark.parametrize("text", ["…", "😀", "x\ud800y", "[[", "\0"])
async def test_text_that_nobody_can_say_is_short_audio(local_providers: str, text: str) -> None:
    response = await post(local_providers, {"text": text})
    assert response.status_code == 200
    assert seconds(response.content) < 3

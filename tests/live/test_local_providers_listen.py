"""`/v2/listen` of a real server with real engines, with a plain client and Deepgram's SDK."""

import asyncio
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import httpx
import jiwer
import numpy as np
import pytest
from deepgram import AsyncDeepgramClient, DeepgramClient, DeepgramClientEnvironment
from deepgram.listen.v2.types import (
    ListenV2ConfigureFailure,
    ListenV2ConfigureSuccess,
    ListenV2Connected,
    ListenV2FatalError,
    ListenV2TurnInfo,
)
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

pytestmark = pytest.mark.live

RATE = 16_000
CHUNK_SECONDS = 0.05
MODELS: dict[str, Any] = {
    "Connected": ListenV2Connected,
    "TurnInfo": ListenV2TurnInfo,
    "ConfigureSuccess": ListenV2ConfigureSuccess,
    "ConfigureFailure": ListenV2ConfigureFailure,
    "Error": ListenV2FatalError,
}
SENTENCE = "The heart pumps blood through the body, and the lungs take in oxygen."
ANSWERS = [
    "Water freezes at zero degrees, and it boils when it gets hot enough.",
    "The capital of France is Paris, and it lies on a river.",
    "A triangle has three sides, and a square has four of them.",
    "Plants need light and water, and they give us the air we breathe.",
]


def plain(text: str) -> str:
    return re.sub(r"[^a-z ]", "", text.lower().replace("-", " ")).strip()


async def spoken(origin: str, text: str, model: str = "aura-2-orion-en") -> bytes:
    query = {"model": model, "encoding": "linear16", "container": "none", "sample_rate": str(RATE)}
    async with httpx.AsyncClient(timeout=60) as client:
        response = await client.post(f"{origin}/v1/speak", params=query, json={"text": text})
    assert response.status_code == 200, response.text
    return response.content


def silence(seconds: float, rate: int = RATE) -> bytes:
    return bytes(2 * round(seconds * rate))


def chunks(pcm: bytes) -> Iterable[bytes]:
    size = round(2 * RATE * CHUNK_SECONDS)
    return (pcm[start : start + size] for start in range(0, len(pcm), size))


def address(origin: str, **query: Any) -> str:
    query = {"model": "flux-general-en", "encoding": "linear16", "sample_rate": RATE} | query
    return f"{origin.replace('http', 'ws', 1)}/v2/listen?{urlencode(query, doseq=True)}"


def checked(raw: str | bytes, number: int) -> dict[str, Any]:
    """A message that Deepgram's models accept as it stands, with the right sequence number."""
    message: dict[str, Any] = json.loads(raw)
    MODELS[message["type"]].model_validate(message, strict=True)
    assert message["sequence_id"] == number
    return message


async def messages(socket: ClientConnection) -> list[dict[str, Any]]:
    """All messages until the server closes, normally or not."""
    found: list[dict[str, Any]] = []
    with suppress(ConnectionClosedError):
        number = 0
        async for raw in socket:
            message = checked(raw, number)
            number += 1
            if not _shows_life(message):
                found.append(message)
    return found


def _shows_life(message: dict[str, Any]) -> bool:
    """An Update that says only that the stream is alive, once a second."""
    return message.get("event") == "Update" and not message["words"]


async def listen(origin: str, *parts: bytes | dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    """Sends audio and messages as fast as they are taken, then CloseStream; all that came back."""
    async with connect(address(origin, **query)) as socket:
        heard = asyncio.create_task(messages(socket))
        for part in (*parts, {"type": "CloseStream"}):
            if isinstance(part, dict):
                await socket.send(json.dumps(part))
                continue
            for chunk in chunks(part):
                await socket.send(chunk)
        return await heard


def turns(heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for message in heard if message["type"] == "TurnInfo"]


def changes(heard: list[dict[str, Any]]) -> list[str]:
    return [turn["event"] for turn in turns(heard) if turn["event"] != "Update"]


@pytest.mark.parametrize("model", ["aura-2-orion-en", "aura-2-thalia-en"])
async def test_speech_comes_back_as_the_words_it_was(local_providers: str, model: str) -> None:
    texts = [SENTENCE, *ANSWERS[:2]]
    speech = [await spoken(local_providers, text, model) for text in texts]
    parts = [part for pcm in speech for part in (silence(0.5), pcm, silence(2))]
    heard = await listen(local_providers, *parts, eager_eot_threshold=0.4, eot_threshold=0.8)
    ends = [turn for turn in turns(heard) if turn["event"] == "EndOfTurn"]
    assert [turn["turn_index"] for turn in ends] == list(range(len(texts)))
    assert {turn["trigger"] for turn in ends} == {"model"}
    said = [plain(turn["transcript"]) for turn in ends]
    assert jiwer.wer([plain(text) for text in texts], said) <= 0.15
    for turn in ends:
        starts = [word["start"] for word in turn["words"]]
        assert starts == sorted(starts)
        assert turn["audio_window_start"] <= starts[0]
        assert " ".join(word["word"] for word in turn["words"]) == turn["transcript"]
    previous = None
    for turn in turns(heard):
        if turn["event"] == "EndOfTurn":
            assert previous is not None
            assert previous["event"] == "EagerEndOfTurn"
            assert previous["transcript"] == turn["transcript"]
        previous = turn


async def test_four_streams_in_real_time_hear_their_own_words_only(local_providers: str) -> None:
    async def student(number: int) -> tuple[str, float]:
        pcm = await spoken(local_providers, ANSWERS[number])
        voice = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2").astype(int)) > 500)
        spoken_until = 0.5 + voice[-1] / RATE
        async with connect(address(local_providers)) as socket:
            heard = asyncio.create_task(_first_end(socket))
            began = monotonic()
            for sent, chunk in enumerate(chunks(silence(0.5) + pcm + silence(6)), 1):
                await socket.send(chunk)
                if heard.done():
                    break
                await asyncio.sleep(max(0, began + sent * CHUNK_SECONDS - monotonic()))
            end = await heard
            return end["transcript"], monotonic() - began - spoken_until

    results = await asyncio.gather(*(student(number) for number in range(4)))
    said = [plain(transcript) for transcript, _ in results]
    assert jiwer.wer([plain(answer) for answer in ANSWERS], said) <= 0.15
    assert max(wait for _, wait in results) < 5


async def _first_end(socket: ClientConnection) -> dict[str, Any]:
    async for raw in socket:
        message: dict[str, Any] = json.loads(raw)
        if message.get("event") == "EndOfTurn":
            return message
    raise AssertionError("closed before the end of the turn")


async def test_silence_and_noise_are_no_turn(local_providers: str) -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 4 * RATE).astype("<i2").tobytes()
    heard = await listen(local_providers, silence(3), noise, silence(1), eager_eot_threshold=0.3)
    assert [message["type"] for message in heard] == ["Connected"]


async def test_a_stream_that_hears_nothing_shows_that_it_is_alive(local_providers: str) -> None:
    async with connect(address(local_providers)) as socket:
        assert json.loads(await socket.recv())["type"] == "Connected"
        for chunk in chunks(silence(1)):
            await socket.send(chunk)
        async with asyncio.timeout(5):
            message = checked(await socket.recv(), 1)
    assert _shows_life(message)
    assert (message["turn_index"], message["transcript"]) == (0, "")


async def test_configure_and_force_change_a_running_turn(local_providers: str) -> None:
    pcm = await spoken(local_providers, SENTENCE)
    heard = await listen(
        local_providers,
        {"type": "Configure", "thresholds": {"eot_threshold": 1.0, "eot_timeout_ms": 60000}},
        pcm,
        silence(3),
        {"type": "ForceEndTurn"},
        {"type": "Configure", "thresholds": {"eot_threshold": 0.6}, "keyterms": ["oxygen"]},
        silence(0.5),
        pcm,
        silence(1),
        {"type": "Configure", "thresholds": {"eager_eot_threshold": 0.9}},
    )
    assert changes(heard) == ["StartOfTurn", "EndOfTurn"] * 2
    ends = [turn for turn in turns(heard) if turn["event"] == "EndOfTurn"]
    assert [turn["trigger"] for turn in ends] == ["manual", "model"]
    done = [message for message in heard if message["type"] == "ConfigureSuccess"]
    assert done[0]["thresholds"] == {"eot_threshold": 1.0, "eot_timeout_ms": 60000}
    assert done[1]["keyterms"] == ["oxygen"]
    (failure,) = (message for message in heard if message["type"] == "ConfigureFailure")
    assert "eager_eot_threshold" in failure["description"]


async def test_keyterms_are_recognised(local_providers: str) -> None:
    """Synthesis is a little different every time, so single words may fail: most must not."""
    terms = ["thylakoid", "chloroplast", "stroma"]
    sentences = [
        "The thylakoid is in the chloroplast.",
        "The stroma is around each thylakoid.",
        "A chloroplast is filled with stroma.",
    ]
    found = 0
    for text in sentences * 3:
        pcm = await spoken(local_providers, text)
        heard = await listen(local_providers, pcm, silence(2), keyterm=terms)
        transcript = turns(heard)[-1]["transcript"].lower()
        found += sum(term in transcript for term in terms)
    assert found >= 9, "half of all that were said"


async def test_numbers_are_words_unless_numerals_are_wanted(local_providers: str) -> None:
    pcm = await spoken(local_providers, "There are forty two pages in this book.")
    words = turns(await listen(local_providers, pcm, silence(2)))[-1]["transcript"]
    digits = turns(await listen(local_providers, pcm, silence(2), numerals="true"))[-1][
        "transcript"
    ]
    assert "forty two" in plain(words)
    assert "42" in digits


async def test_closing_in_mid_turn_gives_an_update_and_no_end(local_providers: str) -> None:
    pcm = await spoken(local_providers, SENTENCE)
    heard = await listen(local_providers, pcm)
    assert turns(heard)[-1]["event"] == "Update"
    assert "oxygen" in turns(heard)[-1]["transcript"]
    assert "EndOfTurn" not in changes(heard)


async def test_any_sample_rate_and_odd_chunks_are_heard(local_providers: str) -> None:
    query = {"model": "aura-2-orion-en", "container": "none", "sample_rate": "48000"}
    async with httpx.AsyncClient(timeout=60) as client:
        response = await client.post(
            f"{local_providers}/v1/speak", params=query, json={"text": SENTENCE}
        )
    pcm = response.content + silence(2, 48000)
    async with connect(address(local_providers, sample_rate=48000)) as socket:
        heard = asyncio.create_task(messages(socket))
        for start in range(0, len(pcm), 4801):
            await socket.send(pcm[start : start + 4801])
        await socket.send('{"type": "CloseStream"}')
        end = turns(await heard)[-1]
    assert end["event"] == "EndOfTurn"
    assert jiwer.wer(plain(SENTENCE), plain(end["transcript"])) < 0.3


@pytest.mark.parametrize(
    ("query", "says"),
    [({"model": "nova-3"}, "model"), ({"eot_threshold": 2}, "eot_threshold"), ({"x": 1}, "x")],
)
async def test_a_bad_parameter_is_refused(
    local_providers: str, query: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(address(local_providers, **query)):
            pass
    response = refused.value.response
    assert response.status_code == 400
    assert response.body is not None
    body = json.loads(response.body)
    assert body["err_code"] == "INVALID_QUERY_PARAMETER"
    assert says in body["err_msg"]
    assert response.headers["dg-request-id"] == body["request_id"]


@pytest.mark.parametrize("message", ["{", "[]", '{"type": "Finalize"}', '"x"', "[" * 9000])
async def test_a_message_that_means_nothing_ends_the_stream(
    local_providers: str, message: str
) -> None:
    async with connect(address(local_providers)) as socket:
        await socket.send(message)
        heard = await messages(socket)
    assert [message["type"] for message in heard] == ["Connected", "Error"]
    assert heard[-1]["code"] == "UNPARSABLE_CLIENT_MESSAGE"


def environment(origin: str) -> DeepgramClientEnvironment:
    socket = origin.replace("http", "ws", 1)
    return DeepgramClientEnvironment(
        base=origin, production=socket, agent=socket, agent_rest=origin
    )


@pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")
async def test_the_official_sdk_listens(local_providers: str) -> None:
    pcm = await spoken(local_providers, SENTENCE) + silence(2)
    client = DeepgramClient(api_key="any", environment=environment(local_providers))

    def run() -> list[Any]:
        with client.listen.v2.connect(
            model="flux-general-en",
            encoding="linear16",
            sample_rate=str(RATE),
            eot_threshold="0.9",
            keyterm=["oxygen", "lungs"],
        ) as connection:
            connection.send_configure({"type": "Configure", "thresholds": {"eot_threshold": 0.7}})
            for chunk in chunks(pcm):
                connection.send_media(chunk)
            connection.send_close_stream()
            return list(connection)

    _assert_heard(await asyncio.to_thread(run))


@pytest.mark.filterwarnings("ignore:websockets:DeprecationWarning")
async def test_the_official_async_sdk_listens(local_providers: str) -> None:
    pcm = await spoken(local_providers, SENTENCE) + silence(0.5)
    client = AsyncDeepgramClient(api_key="any", environment=environment(local_providers))
    async with client.listen.v2.connect(
        model="flux-general-en",
        encoding="linear16",
        sample_rate=str(RATE),
        eot_threshold="1.0",
        eot_timeout_ms="60000",
    ) as connection:
        await connection.send_configure({"type": "Configure", "keyterms": ["oxygen"]})
        for chunk in chunks(pcm):
            await connection.send_media(chunk)
        await connection.send_force_end_turn()
        await connection.send_close_stream()
        _assert_heard([message async for message in connection])


def _assert_heard(heard: list[Any]) -> None:
    assert isinstance(heard[0], ListenV2Connected)
    assert sum(isinstance(message, ListenV2ConfigureSuccess) for message in heard) == 1
    turns = [each for each in heard if isinstance(each, ListenV2TurnInfo)]
    end = next(each for each in reversed(turns) if each.event != "Update")
    assert (end.event, end.turn_index) == ("EndOfTurn", 0)
    assert jiwer.wer(plain(SENTENCE), plain(end.transcript)) < 0.3

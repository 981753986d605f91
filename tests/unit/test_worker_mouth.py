"""What is said is heard from what was made ahead, and only whole authored speech is kept."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc
from livekit.agents import Agent, ModelSettings

from exam_graph.utterance import Utterance
from worker import mouth
from worker.failures import Kind
from worker.mouth import Mouth, UnspokenError
from worker.speech_cache import RATE, SpeechCache
from worker.speech_store import SpeechStore

pytestmark = pytest.mark.unit

AUTHORED = Utterance("question", "How far?", "How far?")
WELCOME = Utterance("greeting", "Welcome.", "Welcome.")
WRITTEN = Utterance("probe", "And why?", "And why?", authored=False)
STREAMED = [b"\1\0" * 480, b"\2\0" * 480]


class Voice:
    """Stands for the provider's stream; counts what was asked of it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.breaks = False

    async def __call__(
        self, words: str, agent: Agent, settings: ModelSettings
    ) -> AsyncGenerator[rtc.AudioFrame, None]:
        self.said.append(words)
        for piece in STREAMED:
            yield rtc.AudioFrame(piece, RATE, 1, len(piece) // 2)
            if self.breaks:
                raise ConnectionError


@pytest.fixture
def voice(monkeypatch: pytest.MonkeyPatch) -> Voice:
    voice = Voice()
    monkeypatch.setattr(mouth, "streamed", voice)
    return voice


@pytest.fixture
def ready(tmp_path: Path) -> SpeechCache:
    async def never(_: str) -> bytes:
        raise AssertionError("nothing is made ahead here")

    return SpeechCache(SpeechStore(tmp_path, 1, {"voice": "orion"}), never)


async def _heard(speaker: Mouth, utterance: Utterance, *, frames: int | None = None) -> bytes:
    """What is heard of it, or of so many frames."""
    agent = cast(Any, SimpleNamespace(session=SimpleNamespace(tts=None)))
    sound = speaker.speak(utterance, agent, ModelSettings())
    heard = b""
    async for count, frame in _numbered(sound):
        heard += bytes(frame.data)
        if count == frames:
            break
    await sound.aclose()
    return heard


async def _numbered(
    sound: AsyncGenerator[rtc.AudioFrame, None],
) -> AsyncGenerator[tuple[int, rtc.AudioFrame], None]:
    count = 0
    async for frame in sound:
        count += 1
        yield count, frame


async def test_what_was_made_ahead_asks_no_provider(voice: Voice, ready: SpeechCache) -> None:
    ready.put(AUTHORED.say, b"\7\0" * 10_000)
    assert await _heard(Mouth(ready=ready), AUTHORED) == b"\7\0" * 10_000
    assert voice.said == []


async def test_what_was_streamed_whole_is_there_the_next_time(
    voice: Voice, ready: SpeechCache
) -> None:
    for _ in range(2):
        assert await _heard(Mouth(ready=ready), AUTHORED) == b"".join(STREAMED)
    assert voice.said == [AUTHORED.say]


async def test_what_a_model_wrote_is_never_kept(voice: Voice, ready: SpeechCache) -> None:
    for _ in range(2):
        await _heard(Mouth(ready=ready), WRITTEN)
    assert voice.said == [WRITTEN.say] * 2
    assert ready.get(WRITTEN.say) is None


async def test_what_was_cut_off_is_not_kept(voice: Voice, ready: SpeechCache) -> None:
    assert await _heard(Mouth(ready=ready), AUTHORED, frames=1) == STREAMED[0]
    assert ready.get(AUTHORED.say) is None


async def test_what_broke_off_is_not_kept_and_told_of(voice: Voice, ready: SpeechCache) -> None:
    voice.breaks = True
    speaker, failures = Mouth(ready=ready), list[Kind]()
    speaker.on_failure = failures.append
    with pytest.raises(UnspokenError):
        await _heard(speaker, AUTHORED)
    assert ready.get(AUTHORED.say) is None
    assert failures == ["dropped"]
    assert speaker.trouble() == "voice"
    await speaker.aclose()


async def test_a_voice_that_is_known_to_be_silent_is_not_waited_for(
    voice: Voice, ready: SpeechCache
) -> None:
    voice.breaks = True
    speaker = Mouth(ready=ready)
    for _ in range(2):
        with pytest.raises(UnspokenError):
            await _heard(speaker, AUTHORED)
    assert voice.said == [AUTHORED.say]
    ready.put(WELCOME.say, b"\7\0" * 10_000)
    assert await _heard(speaker, WELCOME), "what was made ahead is spoken all the same"
    await speaker.aclose()


async def test_another_voice_speaks_it_from_the_beginning_and_is_not_kept(
    voice: Voice, ready: SpeechCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def requested(*_: object) -> AsyncIterator[rtc.AudioFrame]:
        yield rtc.AudioFrame(b"\5\0" * 480, RATE, 1, 480)

    monkeypatch.setattr(mouth, "requested", requested)
    voice.breaks = True
    speaker = Mouth(ready=ready, fallback=cast(Any, object()))
    assert await _heard(speaker, AUTHORED) == STREAMED[0] + b"\5\0" * 480
    assert ready.get(AUTHORED.say) is None
    assert speaker.trouble() is None


async def test_a_voice_that_failed_is_asked_again_after_its_rest_whoever_spoke_meanwhile(
    voice: Voice, ready: SpeechCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def requested(*_: object) -> AsyncIterator[rtc.AudioFrame]:
        yield rtc.AudioFrame(b"\5\0" * 480, RATE, 1, 480)

    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(mouth, "requested", requested)
    monkeypatch.setattr(mouth, "_now", lambda: clock.now)
    voice.breaks = True
    speaker = Mouth(ready=ready, fallback=cast(Any, object()))
    for clock.now in (100.0, 120.0, 129.0, 131.0):
        await _heard(speaker, WRITTEN)
    assert len(voice.said) == 2, "at first, and when it had rested"


async def test_who_cannot_speak_slowly_says_it_at_the_usual_speed(
    ready: SpeechCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> AsyncIterator[rtc.AudioFrame]:
        raise ConnectionError
        yield

    monkeypatch.setattr(mouth, "requested", broken)
    monkeypatch.setattr(mouth, "streamed_by", broken)
    ready.put(AUTHORED.say, b"\7\0" * 10_000)
    slowly = Utterance("question", AUTHORED.text, AUTHORED.say, slow=True)
    assert await _heard(Mouth(cast(Any, object()), ready), slowly) == b"\7\0" * 10_000


async def test_a_voice_that_stalls_is_left_in_time(
    voice: Voice, ready: SpeechCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stalls(*_: object) -> AsyncIterator[rtc.AudioFrame]:
        yield rtc.AudioFrame(STREAMED[0], RATE, 1, 480)
        await asyncio.Event().wait()

    monkeypatch.setattr(mouth, "streamed", stalls)
    speaker, failures = Mouth(ready=ready, timeout_s=0.01), list[Kind]()
    speaker.on_failure = failures.append
    with pytest.raises(UnspokenError):
        await _heard(speaker, AUTHORED)
    assert failures == ["timeout"]
    await speaker.aclose()

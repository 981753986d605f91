"""What is said is heard from what was made ahead, and only whole authored speech is kept."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, cast

import pytest
from livekit import rtc
from livekit.agents import Agent, ModelSettings

from exam_graph.utterance import Utterance
from worker import mouth
from worker.mouth import Mouth
from worker.speech_cache import RATE, SpeechCache
from worker.speech_store import SpeechStore

pytestmark = pytest.mark.unit

AUTHORED = Utterance("question", "How far?", "How far?")
WRITTEN = Utterance("probe", "And why?", "And why?", authored=False)
STREAMED = [b"\1\0" * 480, b"\2\0" * 480]


class Voice:
    """Stands for the provider's stream; counts what was asked of it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.breaks = False

    async def __call__(
        self, utterance: Utterance, agent: Agent, settings: ModelSettings
    ) -> AsyncGenerator[rtc.AudioFrame, None]:
        self.said.append(utterance.say)
        for piece in STREAMED:
            yield rtc.AudioFrame(piece, RATE, 1, len(piece) // 2)
            if self.breaks:
                raise ConnectionError


@pytest.fixture
def voice(monkeypatch: pytest.MonkeyPatch) -> Voice:
    voice = Voice()
    monkeypatch.setattr(mouth, "_streamed", voice)
    return voice


@pytest.fixture
def ready(tmp_path: Path) -> SpeechCache:
    async def never(_: str) -> bytes:
        raise AssertionError("nothing is made ahead here")

    return SpeechCache(SpeechStore(tmp_path, 1, {"voice": "orion"}), never)


async def _heard(speaker: Mouth, utterance: Utterance, *, frames: int | None = None) -> bytes:
    """What is heard of it, or of so many frames."""
    sound = speaker.speak(utterance, cast(Any, None), ModelSettings())
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


async def test_what_broke_off_is_not_kept(voice: Voice, ready: SpeechCache) -> None:
    voice.breaks = True
    with pytest.raises(ConnectionError):
        await _heard(Mouth(ready=ready), AUTHORED)
    assert ready.get(AUTHORED.say) is None

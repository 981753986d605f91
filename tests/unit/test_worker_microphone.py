"""A microphone that can give no sound: off, gone or dead; and silence in the place of its audio."""

import asyncio
from array import array
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from livekit import rtc
from livekit.agents.voice import io

from worker.microphone import DEAD_S, GRACE_S, MORE_PATIENT, Microphone
from worker.microphone_audio import MicrophoneAudio
from worker.typed import typed_answer

pytestmark = pytest.mark.unit

RATE = 16_000


class Clock(SimpleNamespace):
    at: float = 1000.0

    def now(self) -> float:
        return self.at


def _frame(level: int, seconds: float = 0.5) -> rtc.AudioFrame:
    samples = array("h", [level, -level] * round(RATE * seconds / 2))
    return rtc.AudioFrame(samples.tobytes(), RATE, 1, len(samples))


def _hear(microphone: Microphone, level: int, seconds: float) -> None:
    for _ in range(round(seconds / 0.5)):
        microphone.hear(_frame(level))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def microphone(clock: Clock) -> Microphone:
    microphone = Microphone(clock)
    microphone.published("a", muted=False)
    return microphone


def test_one_that_is_open_is_no_trouble(microphone: Microphone) -> None:
    assert microphone.trouble() is None
    assert microphone.certain_in() == 0


def test_muted_counts_after_a_moment_and_no_longer_when_it_is_open_again(
    clock: Clock, microphone: Microphone
) -> None:
    microphone.published("a", muted=True)
    clock.at += GRACE_S - 0.1
    assert microphone.trouble() is None
    assert microphone.certain_in() == pytest.approx(0.1)
    clock.at += 0.1
    assert microphone.trouble() == "muted"
    microphone.published("a", muted=False)
    assert microphone.trouble() is None


def test_pulled_out_and_plugged_in_again(clock: Clock, microphone: Microphone) -> None:
    microphone.unpublished("a")
    clock.at += GRACE_S
    assert microphone.trouble() == "unplugged"
    microphone.published("b", muted=False)
    assert microphone.trouble() is None


def test_a_change_of_device_is_no_trouble(clock: Clock, microphone: Microphone) -> None:
    microphone.unpublished("a")
    clock.at += GRACE_S / 2
    microphone.published("b", muted=False)
    clock.at += GRACE_S
    assert microphone.trouble() is None


def test_who_comes_without_one_has_none(clock: Clock) -> None:
    microphone = Microphone(clock)
    clock.at += GRACE_S
    assert microphone.trouble() == "unplugged"


def test_another_track_of_the_student_is_no_microphone(microphone: Microphone) -> None:
    microphone.unpublished("screen")
    assert microphone.trouble() is None


@pytest.mark.parametrize("level", [0, 1])
def test_digital_silence_is_a_dead_microphone(microphone: Microphone, level: int) -> None:
    _hear(microphone, level, DEAD_S - 0.5)
    assert microphone.trouble() is None
    _hear(microphone, level, 0.5)
    assert microphone.trouble() == "digital_silence"
    _hear(microphone, 9, 0.5)
    assert microphone.trouble() is None


def test_a_quiet_room_is_not(microphone: Microphone) -> None:
    for _ in range(20):
        _hear(microphone, 0, DEAD_S - 0.5)
        _hear(microphone, 3, 0.5)
    assert microphone.trouble() is None


def test_a_headset_that_cuts_out_the_room_is_believed_after_one_false_alarm(
    microphone: Microphone,
) -> None:
    _hear(microphone, 0, DEAD_S)
    _hear(microphone, 500, 1)
    _hear(microphone, 0, DEAD_S * MORE_PATIENT - 0.5)
    assert microphone.trouble() is None
    _hear(microphone, 0, 0.5)
    assert microphone.trouble() == "digital_silence"


def test_a_muted_one_is_muted_and_not_dead(clock: Clock, microphone: Microphone) -> None:
    microphone.published("a", muted=True)
    clock.at += GRACE_S
    _hear(microphone, 0, 2 * DEAD_S)
    assert microphone.trouble() == "muted"
    microphone.published("a", muted=False)
    assert microphone.trouble() is None


class _Source(io.AudioInput):
    def __init__(self) -> None:
        super().__init__(label="Source")
        self.frames: asyncio.Queue[rtc.AudioFrame | None] = asyncio.Queue()

    async def __anext__(self) -> rtc.AudioFrame:
        frame = await self.frames.get()
        if frame is None:
            raise StopAsyncIteration
        return frame


@pytest.fixture
async def source() -> AsyncIterator[_Source]:
    source = _Source()
    yield source
    source.frames.put_nowait(None)
    await asyncio.sleep(0)


async def test_frames_pass_untouched_and_are_looked_at(source: _Source) -> None:
    heard: list[rtc.AudioFrame] = []
    audio = MicrophoneAudio(source, hear=heard.append, present=lambda: True)
    frames = [_frame(5), _frame(6)]
    for frame in frames:
        source.frames.put_nowait(frame)
    assert [await anext(audio), await anext(audio)] == frames
    assert heard == frames
    source.frames.put_nowait(None)
    with pytest.raises(StopAsyncIteration):
        await anext(audio)


async def test_where_the_audio_breaks_off_there_is_silence(source: _Source) -> None:
    heard: list[rtc.AudioFrame] = []
    audio = MicrophoneAudio(source, hear=heard.append, present=lambda: True)
    async with asyncio.timeout(5):
        filling = [await anext(audio) for _ in range(3)]
    assert all(not any(frame.data) for frame in filling)
    assert heard == [], "what was put in is nothing that was heard"
    source.frames.put_nowait(_frame(7))
    async with asyncio.timeout(5):
        while not any((await anext(audio)).data):
            pass
    assert len(heard) == 1


def test_what_is_typed_is_bounded_text() -> None:
    assert typed_answer("  It makes\nATP.\x00\x1b ") == ("It makes\nATP.", False)
    assert typed_answer(" \n ") == ("", False)
    answer, cut = typed_answer("a" * 5001)
    assert cut
    assert len(answer) == 5000

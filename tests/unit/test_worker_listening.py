"""A recogniser that fails: nothing that was heard is lost, and it is tried again for ever."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest
from livekit import rtc
from livekit.agents import APIConnectionError, APIStatusError, stt

from tests.flow.conftest import HandClock, eventually
from tests.stand_ins.speech import ScriptedEars
from worker.deafness import DEAF_S, FORGET_S, MOST_DEAF_S, Deafness
from worker.failures import Kind
from worker.kept_audio import KEPT_S, OVERLAP_S, KeptAudio
from worker.listening import GRACE_S, IDLE_S, PROOF_S, STOOD_S, Listening

pytestmark = pytest.mark.unit

RATE = 16_000
FRAME_S = 0.05
CUT = APIConnectionError("cut")
BUSY = APIStatusError("too many", status_code=429)
REFUSED = APIStatusError("no", status_code=401)
BEGINS = stt.SpeechEventType.START_OF_SPEECH
SO_FAR = stt.SpeechEventType.INTERIM_TRANSCRIPT
FINAL = stt.SpeechEventType.FINAL_TRANSCRIPT
ENDS = stt.SpeechEventType.END_OF_SPEECH

Heard = tuple[stt.SpeechEventType, str]


def _frame() -> rtc.AudioFrame:
    samples = round(RATE * FRAME_S)
    return rtc.AudioFrame(bytes(2 * samples), RATE, 1, samples)


class Ward:
    """A listener, and what its recogniser makes of it."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.ears = ScriptedEars()
        self.failures: list[Kind] = []
        self.hearing: list[bool] = []
        self.listening = Listening(
            self.clock,
            on_failure=self.failures.append,
            on_change=self.hearing.append,
            sleep=self.clock.sleep,
        )
        self.heard: list[Heard] = []
        self._audio: asyncio.Queue[rtc.AudioFrame] = asyncio.Queue()

    async def run(self) -> None:
        async for event in self.listening.hear(self.ears, self._frames()):
            text = event.alternatives[0].text if event.alternatives else ""
            self.heard.append((event.type, text))

    async def sends(self, seconds: float) -> None:
        """So much of the student's audio."""
        for _ in range(round(seconds / FRAME_S)):
            self._audio.put_nowait(_frame())
        await eventually(self._audio.empty)
        await _settle()

    async def passes(self, seconds: float) -> None:
        """Time, in small steps: whoever waits may wait again."""
        for _ in range(round(seconds / 0.1)):
            await _settle()
            self.clock.advance(0.1)
        await _settle()

    async def says(self, text: str) -> None:
        """The beginning of a turn."""
        self.ears.starts(text)
        await eventually(lambda: (SO_FAR, text) in self.heard)

    async def _frames(self) -> AsyncGenerator[rtc.AudioFrame, None]:
        while True:
            yield await self._audio.get()


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


@asynccontextmanager
async def _running(ward: Ward) -> AsyncIterator[None]:
    running = asyncio.create_task(ward.run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def ward() -> AsyncIterator[Ward]:
    ward = Ward()
    async with _running(ward):
        await eventually(lambda: ward.listening.hears)
        await ward.passes(STOOD_S)
        await ward.sends(FRAME_S)
        yield ward


async def test_words_come_through_as_they_are(ward: Ward) -> None:
    ward.ears.says("Bread and tea.")
    await eventually(lambda: len(ward.heard) == 4)
    assert [kind for kind, _ in ward.heard] == [BEGINS, SO_FAR, FINAL, ENDS]
    assert ward.listening.take_fault() == ""
    assert ward.failures == []


async def test_a_cut_in_mid_word_keeps_what_was_said_and_hears_on(ward: Ward) -> None:
    await ward.says("It makes")
    ward.ears.breaks(CUT)
    await eventually(lambda: len(ward.ears.connections) == 2)
    await eventually(lambda: len(ward.heard) == 4)
    assert ward.heard[2:] == [(FINAL, "It makes"), (ENDS, "")]
    assert ward.listening.take_fault() == "broken_off"
    assert ward.listening.take_fault() == "", "told once"
    assert ward.failures == ["dropped"]
    assert ward.hearing == [True, False, True]
    assert ward.listening.trouble() is None
    await ward.says("atp by respiration")


async def test_what_was_not_heard_yet_is_heard_by_the_next_one(ward: Ward) -> None:
    await ward.sends(2.0)
    ward.ears.breaks(CUT)
    await eventually(lambda: len(ward.ears.connections) == 2)
    await ward.sends(0.5)
    assert ward.ears.connections[1].given_s == pytest.approx(2.5 + FRAME_S)


async def test_words_that_follow_in_the_same_turn_make_it_whole(ward: Ward) -> None:
    await ward.says("It makes")
    ward.ears.breaks(CUT)
    await eventually(lambda: (FINAL, "It makes") in ward.heard)
    ward.ears.says("atp.")
    await eventually(lambda: (FINAL, "atp.") in ward.heard)
    assert ward.listening.take_fault() == "mended"


async def test_a_loss_that_lasts_ends_the_turn_and_is_trouble(ward: Ward) -> None:
    await ward.says("It makes")
    ward.ears.refusals.extend([BUSY] * 3)
    ward.ears.breaks(CUT)
    await eventually(lambda: len(ward.ears.connections) == 2)
    assert ward.listening.trouble() is None
    assert ward.listening.certain_in() == GRACE_S
    await ward.passes(GRACE_S)
    assert ward.listening.trouble() == "recogniser"
    assert ward.heard[2:] == [(FINAL, "It makes"), (ENDS, "")]
    assert ward.listening.take_fault() == "lost"
    await ward.passes(10)
    assert ward.listening.hears
    assert ward.failures == ["dropped", "limited", "limited", "limited"]


async def test_a_turn_without_words_ends_without_any(ward: Ward) -> None:
    ward.ears.starts("")
    await eventually(lambda: ward.heard == [(BEGINS, "")])
    ward.ears.breaks(CUT)
    await eventually(lambda: ward.heard[1:] == [(ENDS, "")])
    assert ward.listening.take_fault() == ""


async def test_a_refused_key_is_tried_again_for_ever(ward: Ward) -> None:
    ward.ears.refusals.extend([REFUSED] * 40)
    ward.ears.breaks(CUT)
    await ward.passes(300)
    assert ward.failures[1:] == ["refused"] * 40
    assert ward.listening.hears


async def test_the_fallback_is_tried_in_turn(ward: Ward) -> None:
    second = ScriptedEars()
    ward = Ward()
    ward.ears.fallback = second
    ward.ears.refusals.append(REFUSED)
    async with _running(ward):
        await ward.passes(2)
        assert ward.listening.hears
        assert len(ward.ears.connections) == len(second.connections) == 1
        second.says("Bread and tea.")
        await eventually(lambda: (FINAL, "Bread and tea.") in ward.heard)


async def test_voice_without_a_message_is_deafness(ward: Ward) -> None:
    ward.listening.hear_voice(speaking=True)
    await ward.sends(DEAF_S - 0.1)
    assert ward.failures == []
    await ward.sends(0.2)
    assert ward.failures == ["deaf"]
    await eventually(lambda: len(ward.ears.connections) == 2)
    await _settle()
    assert ward.ears.connections[1].given_s >= DEAF_S, "it is heard again from its beginning"
    assert not ward.listening.hears, "that it is connected says nothing"
    ward.ears.tells("TurnInfo")
    await eventually(lambda: ward.listening.hears)


async def test_a_turn_that_stays_open_in_silence_is_deafness(ward: Ward) -> None:
    await ward.says("It makes")
    await ward.sends(DEAF_S + 0.1)
    assert ward.failures == ["deaf"]


@pytest.mark.parametrize("speaking", [True, False])
async def test_messages_without_words_are_signs_of_life_and_silence_needs_none(
    ward: Ward, speaking: bool
) -> None:
    ward.listening.hear_voice(speaking=speaking)
    for _ in range(10):
        await ward.sends(1.0)
        if speaking:
            ward.ears.tells("TurnInfo")
            await _settle()
    assert ward.failures == []


async def test_an_error_message_ends_a_connection_that_stands(ward: Ward) -> None:
    ward.ears.tells("Error")
    await eventually(lambda: len(ward.ears.connections) == 2)
    assert ward.failures == ["error"]
    assert ward.listening.hears


async def test_a_connection_that_never_speaks_is_tried_anew(ward: Ward) -> None:
    ward.ears.mute = True
    ward.ears.breaks(CUT)
    await eventually(lambda: len(ward.ears.connections) == 2)
    await ward.passes(GRACE_S)
    assert ward.listening.trouble() == "recogniser"
    ward.ears.mute = False
    await ward.passes(PROOF_S + 1)
    assert ward.failures == ["dropped", "timeout"]
    assert ward.listening.hears


async def test_who_sends_nothing_is_left_without_any_failure(ward: Ward) -> None:
    await ward.passes(IDLE_S + 1)
    ward.ears.breaks(CUT)
    await ward.passes(60)
    assert ward.failures == []
    assert len(ward.ears.connections) == 1
    await ward.sends(0.2)
    await eventually(lambda: len(ward.ears.connections) == 2)


def test_noise_is_taken_for_deafness_more_and_more_rarely() -> None:
    deafness = Deafness()
    deafness.voice = True
    took = []
    for _ in range(5):
        seconds = 0.0
        while not deafness.lasts(0.5, turn_open=False):
            seconds += 0.5
        took.append(seconds + 0.5)
    assert took == [DEAF_S, 2 * DEAF_S, 4 * DEAF_S, MOST_DEAF_S, MOST_DEAF_S]
    deafness.is_none()
    assert not deafness.lasts(DEAF_S - 0.1, turn_open=False)
    assert deafness.lasts(0.1, turn_open=False)


def test_what_was_no_voice_is_forgotten_in_silence() -> None:
    deafness = Deafness()
    deafness.voice = True
    assert not deafness.lasts(DEAF_S - 0.1, turn_open=False)
    deafness.voice = False
    assert not deafness.lasts(FORGET_S, turn_open=False)
    deafness.voice = True
    assert not deafness.lasts(0.1, turn_open=False)


@pytest.mark.parametrize(
    ("certain", "left"), [(True, 2.0), (False, 2.0 + OVERLAP_S)], ids=["certain", "so far"]
)
async def test_audio_is_kept_until_it_was_heard(certain: bool, left: float) -> None:
    kept, ears = KeptAudio(), ScriptedEars()
    for _ in range(round(5.0 / FRAME_S)):
        kept.add(_frame())
    kept.heard_to(3.0, certain=certain)
    stream = ears.stream()
    kept.play_to(stream)
    assert ears.connections[-1].given_s == pytest.approx(left, abs=FRAME_S)
    await stream.aclose()


async def test_no_more_audio_is_kept_than_can_be_heard_at_once() -> None:
    kept, ears = KeptAudio(), ScriptedEars()
    for _ in range(round(60.0 / FRAME_S)):
        kept.add(_frame())
    stream = ears.stream()
    kept.play_to(stream)
    assert ears.connections[-1].given_s == pytest.approx(KEPT_S, abs=FRAME_S)
    kept.forget()
    kept.play_to(stream)
    assert ears.connections[-1].given_s == 0
    await stream.aclose()

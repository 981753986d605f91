"""How much of each utterance was heard, told from what a loudspeaker played."""

import time
from typing import Any

import pytest
from livekit import rtc

from exam_graph.events import Started
from exam_graph.utterance import Utterance
from tests.stand_ins.speech import RATE, Loudspeaker
from worker.playback import UTTERANCE, PlaybackMonitor
from worker.turn import Heard, Mark, Turn

pytestmark = pytest.mark.unit


class Stage:
    """A monitor before a loudspeaker that plays only what it is told."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.loudspeaker = Loudspeaker()
        self.loudspeaker.holds = True
        self.monitor = PlaybackMonitor(self.loudspeaker, self.heard.append)
        self.turn = Turn(Started(), 0)

    def mark(self) -> Mark:
        self.turn.say(Utterance("question", "Why?", "Why?"))
        return Mark(self.turn, len(self.turn.utterances) - 1)

    async def speak(self, mark: Mark | None, seconds: float, *, of: float | None = None) -> None:
        """Captures so much of an utterance in short frames; `of`: how long it is in all."""
        for _ in range(round(seconds * 10)):
            userdata: dict[str, Any] = {} if mark is None else {UTTERANCE: mark}
            samples = RATE // 10
            frame = rtc.AudioFrame(bytes(2 * samples), RATE, 1, samples, userdata=userdata)
            await self.monitor.capture_frame(frame)
        if mark is not None:
            self.monitor.synthesised(mark, seconds if of is None else of)

    def cut_off_after(self, seconds: float) -> None:
        self.loudspeaker.played = seconds
        self.monitor.clear_buffer()

    def told(self) -> list[tuple[int, bool]]:
        return [(heard.heard_ms, heard.whole) for heard in self.heard]


@pytest.fixture
async def stage() -> Stage:
    return Stage()


async def test_all_that_was_played_is_heard_whole(stage: Stage) -> None:
    for seconds in (1.0, 2.0, 0.5):
        await stage.speak(stage.mark(), seconds)
    stage.monitor.flush()
    assert stage.heard == [], "nothing is known before it was played"
    stage.loudspeaker.release()
    assert stage.told() == [(1000, True), (2000, True), (500, True)]
    assert [heard.mark.position for heard in stage.heard] == [0, 1, 2]


async def test_a_segment_cut_off_is_divided_among_its_utterances(stage: Stage) -> None:
    for seconds in (1.0, 2.0, 3.0):
        await stage.speak(stage.mark(), seconds)
    stage.monitor.flush()
    stage.cut_off_after(1.5)
    assert stage.told() == [(1000, True), (500, False), (0, False)]


@pytest.mark.parametrize(
    ("length", "played", "whole"),
    [
        *((2.0, 1.8, True), (2.0, 1.72, True), (2.0, 1.6, False)),
        # Of a short one not everything may be missing.
        *((0.4, 0.2, True), (0.4, 0.1, False), (0.2, 0.0, False)),
    ],
)
async def test_the_silence_at_the_end_may_be_missing(
    stage: Stage, length: float, played: float, whole: bool
) -> None:
    await stage.speak(stage.mark(), length)
    stage.monitor.flush()
    stage.cut_off_after(played)
    assert stage.told() == [(round(played * 1000), whole)]


async def test_an_utterance_still_being_synthesised_is_not_whole(stage: Stage) -> None:
    mark = stage.mark()
    await stage.speak(None, 0)
    frame = rtc.AudioFrame(bytes(RATE * 2), RATE, 1, RATE, userdata={UTTERANCE: mark})
    await stage.monitor.capture_frame(frame)
    stage.monitor.flush()
    stage.loudspeaker.release()
    assert stage.told() == [(1000, False)]


async def test_what_was_synthesised_but_never_captured_was_not_heard(stage: Stage) -> None:
    await stage.speak(stage.mark(), 1.0, of=3.0)
    stage.monitor.flush()
    stage.loudspeaker.release()
    assert stage.told() == [(1000, False)]


async def test_segments_are_told_apart(stage: Stage) -> None:
    await stage.speak(stage.mark(), 1.0)
    stage.monitor.flush()
    stage.loudspeaker.release()
    await stage.speak(stage.mark(), 1.0)
    stage.monitor.flush()
    stage.cut_off_after(0.2)
    assert stage.told() == [(1000, True), (200, False)]


async def test_sound_that_is_no_utterance_does_not_shift_the_rest(stage: Stage) -> None:
    await stage.speak(None, 1.0)
    stage.monitor.flush()
    stage.loudspeaker.release()
    await stage.speak(stage.mark(), 1.0)
    stage.monitor.flush()
    stage.loudspeaker.release()
    assert stage.told() == [(1000, True)]


async def test_it_says_when_each_began(stage: Stage) -> None:
    before = time.time()
    await stage.speak(stage.mark(), 1.0)
    await stage.speak(stage.mark(), 1.0)
    stage.monitor.flush()
    stage.loudspeaker.release()
    first, second = (heard.started_at for heard in stage.heard)
    assert before <= first.timestamp() <= time.time()
    assert (second - first).total_seconds() == pytest.approx(1.0)


async def test_frames_pass_through_untouched(stage: Stage) -> None:
    await stage.speak(stage.mark(), 0.5)
    assert stage.loudspeaker.captured_playout_segments == 1
    stage.monitor.flush()
    stage.loudspeaker.release()
    played = await stage.monitor.wait_for_playout()
    assert played.playback_position == pytest.approx(0.5)

"""When the robot takes the examiner to be audible, on synthetic sound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_student.ear import STEADY, ArrivalClock
from robot_student.hearing import Hearing, Samples, Stretch, stretches, trim

pytestmark = pytest.mark.unit

RATE = 24_000


def noise(seconds: float, dbfs: float) -> Samples:
    samples = np.random.default_rng(5).normal(0.0, 32768 * 10 ** (dbfs / 20), int(seconds * RATE))
    return np.clip(samples, -32768, 32767).astype(np.int16)


def sound(*parts: tuple[float, float]) -> Samples:
    """Parts of (seconds, dBFS), one after the other."""
    return np.concatenate([noise(seconds, dbfs) for seconds, dbfs in parts])


@given(
    before=st.floats(0.1, 1.0),
    speech=st.floats(0.2, 1.0),
    background=st.floats(-90.0, -55.0),
)
def test_finds_onset_and_end_within_a_window(
    before: float, speech: float, background: float
) -> None:
    heard = stretches(sound((before, background), (speech, -20), (0.6, background)), RATE)

    assert len(heard) == 1
    assert heard[0].began == pytest.approx(before, abs=0.011)
    assert heard[0].ended == pytest.approx(before + speech, abs=0.021)


def test_a_click_is_no_speech() -> None:
    assert stretches(sound((0.5, -80), (0.02, -6), (0.5, -80)), RATE) == []


def test_a_breath_does_not_end_a_stretch_and_a_pause_does() -> None:
    heard = stretches(
        sound((0.3, -90), (0.3, -20), (0.3, -90), (0.3, -20), (0.5, -90), (0.3, -20)), RATE
    )

    assert [round(stretch.began, 2) for stretch in heard] == [0.3, 1.7]
    assert heard[0].ended == pytest.approx(1.2, abs=0.011)
    assert heard[1].ended == pytest.approx(2.0, abs=0.011), "ended by the end of the recording"


def test_events_come_as_soon_as_they_are_certain() -> None:
    onsets: list[float] = []
    ends: list[Stretch] = []
    hearing = Hearing(on_onset=onsets.append, on_end=ends.append)
    for number in range(100):
        hearing.feed(-20.0 if 20 <= number < 50 else -90.0, number / 100)
        assert bool(onsets) == (number >= 22)
        assert bool(ends) == (number >= 89)
        assert hearing.going_on == (22 <= number < 89)

    assert onsets == [0.2]
    assert hearing.quiet_since() == pytest.approx(0.5)


def test_trims_to_the_words() -> None:
    trimmed = trim(sound((0.4, -80), (0.5, -20), (0.3, -80)), RATE)

    assert len(trimmed) / RATE == pytest.approx(0.5, abs=0.011)
    assert len(trim(noise(0.5, -80), RATE)) == 0


def test_a_late_frame_does_not_shift_the_clock() -> None:
    clock = ArrivalClock(RATE)
    frame = RATE // 50
    begins = [
        clock.frame(frame, 100.0 + number * 0.02 + (0.3 if number % 7 == 3 else 0.0))
        for number in range(50)
    ]

    assert begins == pytest.approx([99.98 + number * 0.02 for number in range(50)])


def test_the_clock_follows_a_lasting_delay() -> None:
    clock = ArrivalClock(RATE)
    frame = RATE // 50
    for number in range(STEADY):
        clock.frame(frame, 100.0 + number * 0.02)
    for number in range(STEADY, 2 * STEADY):
        begin = clock.frame(frame, 101.0 + number * 0.02)

    assert begin == pytest.approx(101.0 + (2 * STEADY - 2) * 0.02)

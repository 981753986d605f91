"""When a student of the benchmark speaks, and which tone it hears."""

import numpy as np
import numpy.typing as npt
import pytest

from bench.ears import Ears
from bench.floor import Moment, turn
from bench.trace.tones import ACK_HZ, CONTENT_HZ, kinds

pytestmark = pytest.mark.unit

RATE = 24_000


def tone(hz: float, seconds: float, rate: int = RATE) -> npt.NDArray[np.int16]:
    at = np.arange(round(seconds * rate)) / rate
    return (6000 * np.sin(2 * np.pi * hz * at)).astype(np.int16)


def moment(now: float, quiet_since: float | None, onset: float | None, audible: bool) -> Moment:
    """The student's own line ended at 10 s."""
    return Moment(now, 10.0, quiet_since, onset, audible)


@pytest.mark.parametrize(
    ("now", "quiet_since", "onset", "audible", "expected"),
    [
        (11.0, 9.0, 8.0, False, "wait"),  # nothing was said since
        (16.1, 9.0, 8.0, False, "no_reply"),
        (12.0, 11.95, 10.5, True, "wait"),
        (12.0, 11.5, 10.5, False, "wait"),
        (12.5, 11.5, 10.5, False, "speak"),
        (16.5, 16.45, 10.5, True, "wait"),
    ],
)
def test_a_student_speaks_when_the_examiner_has_spoken(
    now: float, quiet_since: float, onset: float, audible: bool, expected: str
) -> None:
    assert turn(moment(now, quiet_since, onset, audible), barge_in=False) == expected


def test_a_student_interrupts_a_reply_that_goes_on() -> None:
    assert turn(moment(11.0, 10.99, 10.5, True), barge_in=True) == "wait"
    assert turn(moment(11.0, 10.99, 10.5, True), barge_in=True, lead_s=0.34) == "interrupt"
    assert turn(moment(11.3, 11.29, 10.5, True), barge_in=True) == "interrupt"


def test_a_reply_that_is_over_is_answered_instead() -> None:
    assert turn(moment(11.5, 11.0, 10.5, False), barge_in=True) == "wait"
    assert turn(moment(12.0, 11.0, 10.5, False), barge_in=True) == "speak"


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
def test_the_tones_are_told_apart_at_every_rate(rate: int) -> None:
    assert set(kinds(tone(ACK_HZ, 0.2, rate), rate)) == {"ack"}
    assert set(kinds(tone(CONTENT_HZ, 0.2, rate), rate)) == {"content"}
    assert set(kinds(np.zeros(rate // 5, np.int16), rate)) == {""}


def test_a_frame_shorter_than_a_window_is_heard_too() -> None:
    assert kinds(tone(CONTENT_HZ, 0.01), RATE) == ["content"]


def test_ears_tell_when_the_tone_changes() -> None:
    told: list[tuple[str, float | None, object]] = []
    ears = Ears(lambda what, at=None, **more: told.append((what, at, more.get("kind"))))
    silence = np.zeros(round(0.1 * RATE), np.int16)
    lost = np.zeros(round(0.02 * RATE), np.int16)
    parts = [silence, tone(ACK_HZ, 0.2), lost, tone(ACK_HZ, 0.2), silence, tone(CONTENT_HZ, 0.2)]

    ears.frame(np.concatenate(parts), 5.0)

    assert [(what, kind) for what, _, kind in told] == [
        ("tone", "ack"),
        ("tone", ""),
        ("tone", "content"),
    ]
    assert [at for _, at, _ in told] == pytest.approx([5.1, 5.52, 5.62])

"""The exam clock counts what runs, and knows its next mark."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_graph.clock import WARNING_MARKS, ExamClock, MonotonicClock, next_mark

pytestmark = pytest.mark.unit

MINUTE = 60_000


class HandClock:
    seconds = 50.0

    def now(self) -> float:
        return self.seconds


def test_it_starts_stopped() -> None:
    source = HandClock()
    clock = ExamClock(source)
    source.seconds += 10
    assert not clock.running
    assert clock.used_ms() == 0


def test_it_counts_while_it_runs_and_only_then() -> None:
    source = HandClock()
    clock = ExamClock(source, used_ms=1000)
    clock.start()
    source.seconds += 2
    assert clock.running
    assert clock.used_ms() == 3000
    clock.stop()
    source.seconds += 60
    assert clock.used_ms() == 3000
    clock.start()
    source.seconds += 0.25
    assert clock.used_ms() == 3250


def test_starting_or_stopping_twice_counts_nothing_twice() -> None:
    source = HandClock()
    clock = ExamClock(source)
    clock.start()
    source.seconds += 1
    clock.start()
    source.seconds += 1
    clock.stop()
    clock.stop()
    assert clock.used_ms() == 2000


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        (0, (5, 7 * MINUTE)),
        (7 * MINUTE - 1, (5, 1)),
        (7 * MINUTE, (2, 3 * MINUTE)),
        (10 * MINUTE, (1, MINUTE)),
        (11 * MINUTE, (0, MINUTE)),
        (12 * MINUTE, (0, 0)),
        (13 * MINUTE, (0, 0)),
    ],
)
def test_the_next_mark_of_twelve_minutes(used: int, expected: tuple[int, int]) -> None:
    assert next_mark(12 * MINUTE, used) == expected


@pytest.mark.parametrize(("minutes", "mark"), [(0.5, 0), (1, 0), (2, 1), (3, 2), (5, 2), (6, 5)])
def test_a_short_exam_is_not_warned_of_time_it_never_had(minutes: float, mark: int) -> None:
    assert next_mark(round(minutes * MINUTE), 0)[0] == mark


@given(duration=st.integers(1, 240 * MINUTE), used=st.integers(0, 250 * MINUTE))
def test_a_mark_is_ahead_and_comes_true(duration: int, used: int) -> None:
    mark, due = next_mark(duration, used)
    assert due >= 0
    assert mark in (*WARNING_MARKS, 0)
    if used < duration:
        assert duration - (used + due) == mark * MINUTE


def test_the_machines_clock_does_not_go_back() -> None:
    clock = MonotonicClock()
    assert clock.now() <= clock.now()

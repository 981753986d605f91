"""A grader whose beat stands still is dead; one that was not watched for long enough is not."""

import pytest

from grading.watching import Watch
from records.marking import GradingBeat

pytestmark = pytest.mark.unit


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> Watch:
    return Watch(10, clock)


def _looks(watch: Watch, clock: Clock, beats: list[GradingBeat], seconds: int) -> list[GradingBeat]:
    dead: list[GradingBeat] = []
    for _ in range(seconds):
        clock.now += 1
        dead = watch.look(beats)
    return dead


def test_a_beat_that_stands_still_is_dead_in_its_time(watch: Watch, clock: Clock) -> None:
    still = GradingBeat("g", 1, 5)
    assert _looks(watch, clock, [still], 10) == []
    assert _looks(watch, clock, [still], 1) == [still]


def test_a_beat_that_goes_on_lives(watch: Watch, clock: Clock) -> None:
    for beat in range(30):
        assert _looks(watch, clock, [GradingBeat("g", 1, beat)], 2) == []
    assert not watch.undecided


def test_what_was_not_seen_to_move_is_undecided(watch: Watch, clock: Clock) -> None:
    _looks(watch, clock, [GradingBeat("g", 1, 5)], 3)
    assert watch.undecided
    _looks(watch, clock, [GradingBeat("g", 1, 6)], 1)
    assert not watch.undecided
    # Taken over by another: that one has shown nothing yet.
    _looks(watch, clock, [GradingBeat("g", 2, 6)], 1)
    assert watch.undecided
    _looks(watch, clock, [], 1)
    assert not watch.undecided


def test_after_a_pause_of_its_own_it_begins_anew(watch: Watch, clock: Clock) -> None:
    still = GradingBeat("g", 1, 5)
    _looks(watch, clock, [still], 2)
    clock.now += 60
    assert watch.look([still]) == []
    assert _looks(watch, clock, [still], 9) == []
    assert _looks(watch, clock, [still], 1) == [still]

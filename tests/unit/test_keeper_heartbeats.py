"""Which beats have stood still, by the watcher's own clock."""

import pytest

from keeper.heartbeats import Heartbeats
from records.model import LeaseBeat

pytestmark = pytest.mark.unit

EXPIRES_S = 3.0


class Clock:
    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


class Watch:
    """Heartbeats that are looked at each half second."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.heartbeats = Heartbeats(EXPIRES_S, self.clock)

    def look(self, *beats: LeaseBeat, seconds: float = 0.5) -> list[LeaseBeat]:
        self.clock.now += seconds
        return self.heartbeats.look(beats)


def test_a_beat_that_stands_still_expires_after_three_seconds() -> None:
    watch = Watch()
    beat = LeaseBeat("one", 1, 7)
    assert [watch.look(beat) for _ in range(6)] == [[]] * 6
    assert watch.look(beat) == [beat]


def test_half_of_that_time_makes_uneasy() -> None:
    watch = Watch()
    beat = LeaseBeat("one", 1, 7)
    for _ in range(3):
        watch.look(beat)
        assert not watch.heartbeats.uneasy
    watch.look(beat)
    assert watch.heartbeats.uneasy
    watch.look(LeaseBeat("one", 1, 8))
    assert not watch.heartbeats.uneasy


def test_a_beat_that_rises_never_expires_and_neither_does_a_new_fence() -> None:
    watch = Watch()
    for number in range(40):
        assert watch.look(LeaseBeat("one", 1, number // 4), LeaseBeat("two", number // 4, 0)) == []


def test_each_lease_has_a_time_of_its_own() -> None:
    watch = Watch()
    early, late = LeaseBeat("early", 1, 0), LeaseBeat("late", 1, 0)
    for _ in range(3):
        watch.look(early)
    for _ in range(3):
        assert watch.look(early, late) == []
    assert watch.look(early, late) == [early]


def test_a_lease_that_went_and_came_back_counts_anew() -> None:
    watch = Watch()
    beat = LeaseBeat("one", 1, 0)
    for _ in range(5):
        watch.look(beat)
    watch.look()
    assert [watch.look(beat) for _ in range(6)] == [[]] * 6


def test_a_watcher_that_was_stopped_itself_blames_nobody() -> None:
    watch = Watch()
    beat = LeaseBeat("one", 1, 0)
    watch.look(beat)
    assert watch.look(beat, seconds=60) == []
    assert [watch.look(beat) for _ in range(5)] == [[]] * 5
    assert watch.look(beat) == [beat]


def test_what_was_seen_before_trouble_with_the_database_counts_no_more() -> None:
    watch = Watch()
    beat = LeaseBeat("one", 1, 0)
    for _ in range(6):
        watch.look(beat)
    watch.heartbeats.forget()
    assert [watch.look(beat) for _ in range(6)] == [[]] * 6
    assert watch.look(beat) == [beat]

"""Watches the beats of gradings under way by a clock of its own: whose grader has died?"""

from collections.abc import Callable, Iterable

from records.marking import GradingBeat


class Watch:
    """`expires_s`: how long a beat may stand still, in seconds of `clock`."""

    def __init__(self, expires_s: float, clock: Callable[[], float]) -> None:
        self._expires_s = expires_s
        self._clock = clock
        self._since: dict[GradingBeat, float] = {}
        self._looked = clock()
        self._moved: set[tuple[str, int]] = set()

    def look(self, beats: Iterable[GradingBeat]) -> list[GradingBeat]:
        """Takes all as they are now; those whose grader is dead."""
        now = self._clock()
        if now - self._looked >= self._expires_s:
            # Nobody looked for so long: this process was stopped, and maybe the others with it.
            self._since.clear()
        self._looked = now
        before = {(beat.grading_id, beat.fence): beat.beat for beat in self._since}
        self._since = {beat: self._since.get(beat, now) for beat in beats}
        self._moved = {
            key
            for beat in self._since
            if (key := (beat.grading_id, beat.fence)) in self._moved
            or before.get(key, beat.beat) != beat.beat
        }
        return [beat for beat, since in self._since.items() if now - since >= self._expires_s]

    @property
    def undecided(self) -> bool:
        """Whether there is one that was neither seen to live nor is known to be dead."""
        return any((beat.grading_id, beat.fence) not in self._moved for beat in self._since)

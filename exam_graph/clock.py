"""The exam clock: counts only while it runs, on monotonic time, in whole milliseconds."""

import time
from typing import Protocol

#: Minutes left at which the student is warned, once each, at a pause.
WARNING_MARKS = (5, 2, 1)


class Clock(Protocol):
    """A source of monotonic time."""

    def now(self) -> float:
        """Seconds from an arbitrary start; never goes back, whatever the wall clock does."""


class MonotonicClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        return time.monotonic()


class ExamClock:
    """Time used of an exam. Starts stopped, at `used_ms` (what a checkpoint kept)."""

    def __init__(self, clock: Clock, used_ms: int = 0) -> None:
        self.source = clock
        self._used = used_ms / 1000
        self._since: float | None = None

    @property
    def running(self) -> bool:
        return self._since is not None

    def used_ms(self) -> int:
        running = 0.0 if self._since is None else self.source.now() - self._since
        return round((self._used + running) * 1000)

    def start(self) -> None:
        if self._since is None:
            self._since = self.source.now()

    def stop(self) -> None:
        if self._since is not None:
            self._used += self.source.now() - self._since
            self._since = None


def next_mark(duration_ms: int, used_ms: int) -> tuple[int, int]:
    """The next mark in minutes left (0: the end), and the ms of running clock until then."""
    remaining = duration_ms - used_ms
    for mark in WARNING_MARKS:
        if mark * 60_000 < min(remaining, duration_ms):
            return mark, remaining - mark * 60_000
    return 0, max(0, remaining)

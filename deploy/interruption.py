"""Turns the signals that ask the launcher to stop into an exception, at places that expect it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):  # noqa: N818 -- like KeyboardInterrupt, not an error
    """The user (Ctrl-C) or the system (SIGTERM, a closed terminal) wants everything to stop."""


class Interruption:
    """Whether such a signal has come.

    Not raised by the signal's handler itself: an exception out of nowhere gets lost in code that
    catches everything, or cuts short the stopping of what the first signal asked to stop.
    """

    def __init__(self) -> None:
        self._requested = False

    def request(self, number: int, frame: FrameType | None) -> None:
        """A signal handler."""
        self._requested = True

    def check(self) -> None:
        """Raises Interrupted if a signal has come."""
        if self._requested:
            raise Interrupted


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Within the block SIGINT, SIGTERM and SIGHUP do nothing but to show in the Interruption."""
    interruption = Interruption()
    before = {number: signal.signal(number, interruption.request) for number in _SIGNALS}
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

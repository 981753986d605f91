"""Who may have the floor: waiting for silence, and since when nobody was heard."""

import asyncio
from collections.abc import Callable

from exam_graph.clock import Clock


class Floor:
    """`wake` it whenever somebody starts or stops; `busy` tells whether anybody is heard now."""

    def __init__(self, clock: Clock, busy: Callable[[], bool]) -> None:
        self._clock = clock
        self._busy = busy
        self._was_busy = False
        self._changed = asyncio.Event()
        #: When anybody was last heard, on the monotonic clock, in seconds.
        self.quiet_since = clock.now()

    def wake(self) -> None:
        """Who is heard may have changed."""
        busy = self._busy()
        if busy or self._was_busy:
            self.quiet_since = self._clock.now()
        self._was_busy = busy
        self._announce()

    def stir(self) -> None:
        """Somebody was active just now, if not aloud."""
        self.quiet_since = self._clock.now()
        self._announce()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for something that changes with who is heard, or that `wake` announces."""
        while not condition():
            await self._changed.wait()

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

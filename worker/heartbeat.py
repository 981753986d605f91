"""Whether the student's page still lives: by its beats, since LiveKit misses nobody for 20 s."""

import asyncio
from collections.abc import Awaitable, Callable

from exam_graph.clock import Clock

#: So long without a beat, in seconds, and the student counts as away. The page beats each second.
SILENT_S = 5.0


class Heartbeat:
    """`on_lost` and `on_back` are called in turn. A page that never beat is never missed."""

    def __init__(
        self,
        clock: Clock,
        *,
        on_lost: Callable[[], None],
        on_back: Callable[[], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._on_lost = on_lost
        self._on_back = on_back
        self._sleep = sleep
        self._last = 0.0
        self._lost = False
        self._beats = asyncio.Event()

    def beat(self) -> None:
        """The page lives."""
        self._last = self._clock.now()
        self._beats.set()
        if self._lost:
            self._lost = False
            self._on_back()

    def forget(self) -> None:
        """The page has left, as far as LiveKit knows: the next one begins anew."""
        self._lost = False
        self._beats.clear()

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            await self._beats.wait()
            await self._sleep(max(0.05, self._last + SILENT_S - self._clock.now()))
            if self._beats.is_set() and self._clock.now() - self._last >= SILENT_S:
                self._beats.clear()
                self._lost = True
                self._on_lost()

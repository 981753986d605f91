"""Whether the student is there: since when not, and for how long in all."""

import asyncio
from collections.abc import Awaitable, Callable

from exam_graph.clock import Clock
from worker.racing import first_of


class Absence:
    """Begins with the student away. `grace_s`: how long one absence may last, in seconds."""

    def __init__(self, clock: Clock, grace_s: float) -> None:
        self._clock = clock
        self._grace_s = grace_s
        self._since: float | None = None
        self._counted_ms = 0
        self._left = asyncio.Event()
        self._left.set()
        self._back = asyncio.Event()

    @property
    def away(self) -> bool:
        return self._left.is_set()

    def begin(self, *, counts: bool) -> None:
        """The student is gone. `counts`: by leaving, not because of something of ours."""
        if not self.away and counts:
            self._since = self._clock.now()
        self._back.clear()
        self._left.set()

    def end(self) -> None:
        """The student is there."""
        if self._since is not None:
            self._counted_ms += round((self._clock.now() - self._since) * 1000)
            self._since = None
        self._left.clear()
        self._back.set()

    def take_ms(self) -> int:
        """How long the student was away since this was last asked."""
        taken, self._counted_ms = self._counted_ms, 0
        return taken

    async def too_long(self, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Returns when one absence has lasted for the whole grace."""
        while True:
            await self._left.wait()
            await first_of(sleep(self._grace_s), self._back.wait())
            if self.away:
                return

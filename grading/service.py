"""Takes gradings from the queue, and those whose grader has died, as many at once as it may."""

import asyncio
import logging
import socket
import time
import uuid
from collections.abc import Callable
from contextlib import suppress

from grading import figures
from grading.marking import Marking, Result
from grading.settings import Settings
from grading.watching import Watch
from records.errors import RecordsError
from records.grading_store import GradingStore
from records.marking import Grading, GradingBeat, GradingLease

LOOK_S = 1.0
STALLED_S = 30.0
#: What graders left of gradings that are over is removed so often.
SWEEP_S = 600.0

logger = logging.getLogger(__name__)


class Service:
    """`only`: takes the gradings of this sitting alone, put off or not; `told`: of each grading
    that ends here, with what came of it."""

    def __init__(
        self,
        store: GradingStore,
        settings: Settings,
        marking: Marking,
        *,
        only: str | None = None,
        told: Callable[[Grading, Result], None] = lambda *_: None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._marking = marking
        self._only = only
        self._told = told
        self._own: set[str] = set()
        self._ended = 0
        self._holder = f"{socket.gethostname()[:40]}-{uuid.uuid4().hex[:8]}"
        # A beat has to be seen to stand still several times over.
        self._look_s = min(LOOK_S, settings.grading_expires_s / 4)
        self._watch = Watch(settings.grading_expires_s, time.monotonic)
        self._running: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._looked = time.monotonic()
        self._swept = float("-inf")

    @property
    def stalled(self) -> bool:
        """Whether the queue could not be looked at for a while."""
        return time.monotonic() - self._looked > STALLED_S

    async def run(self) -> None:
        """Until cancelled; what is under way then is given back."""
        try:
            while True:
                try:
                    await self.look()
                except RecordsError as error:
                    logger.warning("the queue cannot be looked at: %s", error)
                await self._wait()
        finally:
            await self._end()

    async def work_off(self) -> None:
        """Until nothing waits that may be taken up now, and nobody under way may be dead."""
        try:
            while True:
                await self.look()
                if not self._running and not await self._is_left():
                    return
                await self._wait()
        finally:
            await self._end()

    async def look(self) -> None:
        """Takes what there is. Raises RecordsError."""
        await self._sweep()
        for beat in self._watch.look(await self._beats()):
            if self._is_full:
                return
            if taken := await self._store.take_over(beat, self._holder):
                logger.warning("grading %s is taken over: its grader died", beat.grading_id)
                self._start(*taken)
        names = None if self._only is None else [self._only]
        while not self._is_full and not (self._only and self._ended):
            taken = await self._store.claim(self._holder, only=names)
            if taken is None:
                break
            self._start(*taken)
        self._looked = time.monotonic()

    async def _beats(self) -> list[GradingBeat]:
        """Those of others."""
        beats = [each for each in await self._store.beats() if each.grading_id not in self._own]
        if self._only is None:
            return beats
        wanted = {grading.id for grading in await self._store.gradings(self._only)}
        return [each for each in beats if each.grading_id in wanted]

    @property
    def _is_full(self) -> bool:
        return len(self._running) >= self._settings.grading_at_once

    def _start(self, grading: Grading, lease: GradingLease) -> None:
        task = asyncio.create_task(self._mark(grading, lease))
        self._running.add(task)
        self._own.add(grading.id)
        task.add_done_callback(self._over)
        figures.UNDER_WAY.set(len(self._running))

    def _over(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        figures.UNDER_WAY.set(len(self._running))
        self._woken.set()

    async def _mark(self, grading: Grading, lease: GradingLease) -> None:
        try:
            result = await self._marking.mark(grading, lease)
        finally:
            self._own.discard(grading.id)
        self._ended += 1
        figures.GRADINGS.labels(result).inc()
        logger.info("grading %s of sitting %s: %s", grading.id, grading.sitting_id, result)
        self._told(grading, result)

    async def _is_left(self) -> bool:
        """Whether somebody else's grading may still turn out to be without a grader."""
        beats = await self._beats()
        return bool(beats) and (self._only is not None or self._watch.undecided)

    async def _wait(self) -> None:
        self._woken.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._look_s):
                await self._woken.wait()

    async def _sweep(self) -> None:
        if time.monotonic() - self._swept >= SWEEP_S:
            await self._store.sweep_checkpoints()
            self._swept = time.monotonic()

    async def _end(self) -> None:
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

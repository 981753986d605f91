"""The one queue in front of the recogniser: ends of turn first, updates only when idle.

Two cores carry every exam of this machine, so all streams share one recogniser. Work that a turn
waits for is never dropped; a running update is never worth making another turn wait, so an update
is taken only when nothing else waits or runs.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum

from local_providers.transcript import Passage, Transcript


class Urgency(IntEnum):
    END = 0
    START = 1
    UPDATE = 2


@dataclass(order=True, slots=True)
class _Job:
    urgency: Urgency
    number: int
    passage: Passage = field(compare=False)
    result: asyncio.Future[Transcript] = field(compare=False)


class DecodeQueue:
    """`decode` runs in a thread of its own, one passage at a time."""

    def __init__(self, decode: Callable[[Passage], Transcript]) -> None:
        self._decode = decode
        self._waiting: list[_Job] = []
        self._numbers = itertools.count()
        self._arrived = asyncio.Event()
        self._running = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="decode")
        self.last_cost = 0.0
        """Seconds the latest decode took."""

    def submit(self, passage: Passage, urgency: Urgency) -> asyncio.Future[Transcript]:
        """The transcript to come; cancel it when it is no longer wanted."""
        result: asyncio.Future[Transcript] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, _Job(urgency, next(self._numbers), passage, result))
        self._arrived.set()
        return result

    @property
    def idle(self) -> bool:
        return not self._running and all(job.result.done() for job in self._waiting)

    async def run(self) -> None:
        """Serves the queue until cancelled."""
        try:
            while True:
                while self._waiting:
                    await self._serve(heapq.heappop(self._waiting))
                self._arrived.clear()
                await self._arrived.wait()
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _serve(self, job: _Job) -> None:
        if job.result.done():
            return
        self._running = True
        started = time.perf_counter()
        try:
            transcript = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._decode, job.passage
            )
        except Exception as error:
            if not job.result.done():
                job.result.set_exception(error)
        else:
            if not job.result.done():
                job.result.set_result(transcript)
        finally:
            self._running = False
            self.last_cost = time.perf_counter() - started

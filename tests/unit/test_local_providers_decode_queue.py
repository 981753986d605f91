"""The shared decode queue: who is served first, and what happens to work that went wrong."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import numpy as np
import pytest

from local_providers.decode_queue import DecodeQueue, Urgency
from local_providers.transcript import Passage, Transcript

pytestmark = pytest.mark.unit


def passage(name: str) -> Passage:
    return Passage(np.zeros(1, np.float32), 0, 0, keyterms=(name,))


class Gate:
    """A recogniser that waits to be let through, and notes what it was given."""

    def __init__(self) -> None:
        self.served: list[str] = []
        self.entered = threading.Event()
        self.open = threading.Event()

    def decode(self, passage: Passage) -> Transcript:
        self.served.append(passage.keyterms[0])
        self.entered.set()
        assert self.open.wait(5)
        if passage.keyterms[0] == "bad":
            raise RuntimeError("cannot")
        return Transcript()


@asynccontextmanager
async def serving(gate: Gate) -> AsyncIterator[DecodeQueue]:
    queue = DecodeQueue(gate.decode)
    task = asyncio.create_task(queue.run())
    try:
        yield queue
    finally:
        gate.open.set()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_ends_of_turn_are_served_first_then_in_order() -> None:
    gate = Gate()
    async with serving(gate) as queue:
        jobs = [queue.submit(passage("running"), Urgency.UPDATE)]
        await asyncio.to_thread(gate.entered.wait, 5)
        for name, urgency in [
            ("update", Urgency.UPDATE),
            ("start", Urgency.START),
            ("end one", Urgency.END),
            ("end two", Urgency.END),
        ]:
            jobs.append(queue.submit(passage(name), urgency))
        gate.open.set()
        await asyncio.gather(*jobs)
    assert gate.served == ["running", "end one", "end two", "start", "update"]


async def test_work_nobody_wants_any_more_is_not_done() -> None:
    gate = Gate()
    async with serving(gate) as queue:
        running = queue.submit(passage("running"), Urgency.END)
        await asyncio.to_thread(gate.entered.wait, 5)
        queue.submit(passage("dropped"), Urgency.END).cancel()
        last = queue.submit(passage("last"), Urgency.UPDATE)
        gate.open.set()
        await asyncio.gather(running, last)
    assert gate.served == ["running", "last"]


async def test_idle_only_when_nothing_waits_or_runs() -> None:
    gate = Gate()
    async with serving(gate) as queue:
        assert queue.idle
        waiting = queue.submit(passage("one"), Urgency.END)
        assert not queue.idle
        await asyncio.to_thread(gate.entered.wait, 5)
        assert not queue.idle
        gate.open.set()
        await waiting
        await asyncio.sleep(0)
        assert queue.idle


async def test_an_error_goes_to_its_own_stream_and_the_queue_goes_on() -> None:
    gate = Gate()
    gate.open.set()
    async with serving(gate) as queue:
        with pytest.raises(RuntimeError, match="cannot"):
            await queue.submit(passage("bad"), Urgency.END)
        assert await queue.submit(passage("good"), Urgency.END) == Transcript()

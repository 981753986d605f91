"""Brings the clock's marks into the exam: at a pause, never inside an answer."""

import asyncio
from collections.abc import Awaitable, Callable

from exam_graph.clock import next_mark
from exam_graph.events import TimePassed
from worker.examiner import Examiner
from worker.racing import first_of
from worker.turn import Turn


async def keep_time(
    examiner: Examiner,
    *,
    quiet: Callable[[], Awaitable[None]],
    act: Callable[[TimePassed], Awaitable[Turn]],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Until the exam is over: waits for the next mark, then for silence, then tells the examiner.

    A mark that fell due while somebody spoke has been dealt with in that turn; the graph knows.
    """
    changed = asyncio.Event()
    examiner.on_commit(lambda _: changed.set())
    duration_ms = examiner.context.duration_ms
    while not examiner.finished:
        changed.clear()
        if not examiner.clock.running:
            await changed.wait()
            continue
        mark, due_ms = next_mark(duration_ms, examiner.clock.used_ms())
        await first_of(sleep(due_ms / 1000), changed.wait())
        if next_mark(duration_ms, examiner.clock.used_ms())[0] == mark and due_ms > 0:
            continue
        await quiet()
        if not examiner.finished:
            turn = await act(TimePassed(mark=mark))
            await turn.committed

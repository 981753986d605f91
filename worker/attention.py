"""Brings silence into the exam when it has lasted long enough, and the end of a break."""

import asyncio
from collections.abc import Awaitable, Callable

from exam_graph import silence
from exam_graph.events import BreakOver, Silence
from exam_graph.state import ExamContext, Kept
from worker.examiner import Examiner
from worker.racing import first_of
from worker.turn import Turn


async def keep_attention(
    examiner: Examiner,
    *,
    quiet: Callable[[], Awaitable[None]],
    quiet_since: Callable[[], float],
    act: Callable[[Silence | BreakOver], Awaitable[Turn]],
    due_after: Callable[[Kept, ExamContext], float | None] = silence.due,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Until the exam is over: waits until nobody is heard, then as long as is due, then acts.

    `quiet_since`: when anybody was last heard, on the clock's time. Whoever speaks, types or is
    spoken to in the meantime makes the wait start again.
    """
    changed = asyncio.Event()
    now = examiner.clock.source.now
    acted_at = now()
    break_began: float | None = None

    def on_commit(state: Kept) -> None:
        nonlocal break_began
        in_break = state["paused"] and state["break_minutes"] > 0
        break_began = (break_began or now()) if in_break else None
        changed.set()

    examiner.on_commit(on_commit)
    on_commit(examiner.state)
    while not examiner.finished:
        changed.clear()
        await quiet()
        state = examiner.state
        due: float | None = None
        event: Silence | BreakOver = Silence(level=state["silences"] + 1)
        if break_began is not None:
            due, event = break_began + state["break_minutes"] * 60, BreakOver()
        elif (wait := due_after(state, examiner.context)) is not None:
            due = max(quiet_since(), acted_at) + wait
        if due is None:
            await changed.wait()
        elif now() < due:
            await first_of(sleep(due - now()), changed.wait())
        elif not examiner.finished:
            turn = await act(event)
            await turn.committed
            acted_at = now()

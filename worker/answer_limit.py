"""Watches how long a student speaks on: at the limit the page asks them to come to an end."""

import asyncio
from collections.abc import Awaitable, Callable

from exam_graph.state import current_question_id, open_answer, remaining_ms
from worker.ears import Ears
from worker.examiner import Examiner
from worker.floor import Floor


async def limit_answers(
    examiner: Examiner,
    ears: Ears,
    floor: Floor,
    *,
    answer_over: Callable[[], Awaitable[None]],
    time_over: Callable[[], Awaitable[None]],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Until cancelled. In a turn that goes on: calls `answer_over` when the open question's answer
    has become too long, and `time_over` at the end of the exam's time. Nobody is cut off."""
    context = examiner.context

    async def watch_answer() -> None:
        answer = open_answer(examiner.state)
        assert answer is not None
        before_ms = answer["answer_ms"]
        while (left := context.answer_limit_ms - before_ms - ears.elapsed_ms()) > 0:
            await sleep(left / 1000)
        await answer_over()

    async def watch_time() -> None:
        while (left := remaining_ms(examiner.now, context)) > 0:
            await sleep(left / 1000)
        await time_over()

    while True:
        await floor.until(lambda: ears.open)
        turn = ears.turns
        watches: list[asyncio.Task[None]] = []
        if current_question_id(examiner.state) is not None:
            watches = [asyncio.create_task(watch_answer()), asyncio.create_task(watch_time())]
        try:
            await floor.until(lambda turn=turn: not ears.open or ears.turns != turn)  # type: ignore[misc]
        finally:
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, return_exceptions=True)

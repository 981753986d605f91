"""Tells the student when answers cannot be recorded, and goes on when they can."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from exam_graph.aloud import aloud
from exam_graph.events import Failed
from exam_graph.utterance import Utterance
from records.notice import Notice
from worker.examiner import Examiner
from worker.protocol import RECORDS_BACK, RECORDS_DOWN
from worker.turn import Turn
from worker.voice import Voice

RECORDS: Literal["records"] = "records"


async def tell_of_trouble(
    examiner: Examiner,
    voice: Voice,
    *,
    present: Callable[[], bool],
    notify: Callable[[Notice], Awaitable[None]],
) -> None:
    """Until cancelled. The clock stands from the moment when storage fails.

    What is said then is no turn of the exam: nothing can be recorded of it.
    """
    changed = asyncio.Event()
    failing = False

    def on_trouble(now: bool) -> None:
        nonlocal failing
        failing = now
        if failing:
            examiner.stop_clock_for(RECORDS)
        changed.set()

    examiner.on_trouble(on_trouble)
    while True:
        await changed.wait()
        changed.clear()
        if failing:
            await notify(RECORDS_DOWN)
            await voice.hush()
            voice.tell(Turn.aside(Failed(part=RECORDS), _phrase(examiner)))
            continue
        await notify(RECORDS_BACK)
        await examiner.settled()
        examiner.submit(Failed(part=RECORDS))
        examiner.let_clock_run(RECORDS)
        # Who is away is welcomed back at the return.
        if present() and examiner.started and not examiner.finished:
            await voice.speak(await examiner.returned())


def _phrase(examiner: Examiner) -> Utterance:
    context = examiner.context
    text, _ = context.phrases.phrase("records_down", None)
    return Utterance("technical", text, aloud(text, context.paper.language))

"""Ends the exam: thanks the student and settles the questions that were not reached."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState, remaining_ms
from exam_graph.turn import closed


async def close(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    if state["confirming"]:
        name = "closing_ended"
    elif remaining_ms(state, runtime.context) == 0:
        name = "closing_time"
    else:
        name = "closing"
    reply = Reply(state, runtime)
    reply.phrase("closing", name)
    return {**reply.update(), **closed(state)}

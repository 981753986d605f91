"""Ends the exam: thanks the student and settles the questions that were not reached."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState, remaining_ms
from exam_graph.turn import closed


async def close(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    if state["answering"] == "skipped":
        reply.phrase("acknowledgement", "skipped_declined")
    if state["answering"] == "end":
        name = "closing_ended"
    elif remaining_ms(state, runtime.context) == 0:
        name = "closing_time"
    else:
        name = "closing_learn" if runtime.context.learning else "closing"
    reply.phrase("closing", name)
    return {**closed(state), **reply.update(), "confirming": ""}

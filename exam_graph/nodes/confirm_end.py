"""Asks for a clear yes before the exam is ended."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import RUNNING, moved


async def confirm_end(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("confirmation", "confirm_end")
    return {
        **reply.update(),
        **RUNNING,
        "confirming": "end",
        "record": moved(state, "confirm_end"),
    }

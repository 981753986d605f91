"""The end was not wanted, or the pause is over: back to what was asked."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def go_on(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("acknowledgement", "end_refused" if state["confirming"] else "resumed")
    return {
        **reply.update(),
        "confirming": False,
        "paused": False,
        "record": moved(state, "go_on"),
    }

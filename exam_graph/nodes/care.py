"""The student is not well, or says so: kind words, and the choice to pause, end or go on."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import RUNNING, moved


async def care(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    again = state["answering"] == "distress"
    reply.phrase("checkin", "care_again" if again else "care")
    return {
        **reply.update(),
        **RUNNING,
        "confirming": "distress",
        "record": moved(state, "care", "distress"),
    }

"""Nobody spoke for long: says so and leaves the question."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import settled


async def leave_silent(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    question_id = state["order"][state["position"]]
    reply = Reply(state, runtime)
    reply.phrase("acknowledgement", "moved_on")
    return {
        **settled(state, "leave_silent", question_id, "unanswered"),
        **reply.update(),
        "confirming": "",
        "silent_questions": state["silent_questions"] + 1,
    }

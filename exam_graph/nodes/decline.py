"""What exam rules do not allow is declined in one sentence; the question stays."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved

_DECLINED = {
    "hint": "hint_declined",
    "verdict": "verdict_declined",
    "go_back": "go_back_declined",
    "take_break": "break_declined",
}


async def decline(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    intent = (state["understood"] or {})["intent"]
    reply = Reply(state, runtime)
    reply.phrase("decline", _DECLINED[intent])
    return {**reply.update(), "record": moved(state, "decline", f"asked_{intent}")}

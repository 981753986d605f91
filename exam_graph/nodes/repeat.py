"""Asks again what was asked last: the same words, as often as wanted."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def repeat(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    asked = Reply(state, runtime).ask_same()
    kept_move = state["record"]["move"]
    return {
        **asked,
        "confirming": False,
        "paused": False,
        "record": moved(state, "repeat" if kept_move == "wait" else kept_move),
    }

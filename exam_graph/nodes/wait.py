"""Says nothing: the student is still at it."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def wait(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    thinking = (state["understood"] or {}).get("intent") == "think"
    return {
        "waiting": "thinking" if thinking else state["waiting"],
        "confirming": state["answering"] if thinking else state["confirming"],
        "record": moved(state, "wait"),
    }

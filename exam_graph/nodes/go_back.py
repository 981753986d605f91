"""Learn mode: an earlier question again, and then back to this one."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.joining import target_position
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved
from exam_graph.understanding import Understood


async def go_back(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    position = target_position(state, Understood.from_dict(state["understood"] or {}))
    assert position is not None
    return {
        "queue": [position, state["position"], *state["queue"]],
        "record": moved(state, "go_back"),
    }

"""The student wants to answer what was put aside: in the order of the exam."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.sequence import put_aside
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def take_up(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    positions = put_aside(state, runtime.context)
    return {"queue": positions, "record": moved(state, "take_up")}

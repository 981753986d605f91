"""Nothing came after half a clause: what was said is the answer."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def continue_answer(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    return {"waiting": "", "record": moved(state, "continue_answer")}

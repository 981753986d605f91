"""Half a clause: kept, and the student goes on undisturbed."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def listen(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    return {"waiting": "unfinished", "record": moved(state, "listen")}

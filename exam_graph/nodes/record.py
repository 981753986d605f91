"""Takes the words as (a part of) the answer to the open question."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import answered


async def record(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    question = runtime.context.paper.question(state["order"][state["position"]])
    return answered(state, "record", question)

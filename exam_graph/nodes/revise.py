"""Changes an answer that was given: the new words stand beside the old ones."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.joining import target_position
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import answered
from exam_graph.understanding import Understood


async def revise(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    position = state["revising"]
    if position is None:
        position = target_position(state, Understood.from_dict(state["understood"] or {}))
    assert position is not None
    question = runtime.context.paper.question(state["order"][position])
    reply = Reply(state, runtime)
    reply.phrase("acknowledgement", "revision_noted")
    kept = answered(state, "revise", question, revises=True)
    return {**kept, **reply.update(), "revising": None}

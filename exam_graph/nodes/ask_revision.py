"""The student wants to change an answer: asks what it should be."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.joining import target_position
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved
from exam_graph.understanding import Understood


async def ask_revision(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    position = target_position(state, Understood.from_dict(state["understood"] or {}))
    assert position is not None
    reply = Reply(state, runtime)
    reply.phrase("confirmation", "ask_revision", number=str(position + 1))
    return {**reply.update(), "revising": position, "record": moved(state, "ask_revision")}

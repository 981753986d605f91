"""Leaves the open question at the student's wish; what was said to it stays."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import settled


async def skip(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("acknowledgement", "skipped")
    question_id = state["order"][state["position"]]
    return {**settled(state, "skip", question_id, "skipped"), **reply.update()}

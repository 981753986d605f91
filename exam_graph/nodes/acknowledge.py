"""Shows that an answer arrived, without judging it, before something new is asked."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState


async def acknowledge(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("acknowledgement", "acknowledgement")
    return reply.update()

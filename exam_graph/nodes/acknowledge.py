"""Shows that an answer arrived, without judging it, before something new is asked.

While it is not known yet what that will be, `understand` says the same at once.
"""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState


async def acknowledge(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    return {} if (state["understood"] or {}).get("thanked") else thank(state, runtime)


def thank(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    """Says it, and the update of the state that makes."""
    reply = Reply(state, runtime)
    reply.phrase("acknowledgement", "acknowledgement")
    return reply.update()

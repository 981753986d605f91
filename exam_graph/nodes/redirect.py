"""One polite sentence back to the question, or a request to say it again."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def redirect(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    understood = state["understood"] or {}
    unclear = understood.get("intent") == "unclear"
    reply = Reply(state, runtime)
    reply.phrase("redirect", "unclear" if unclear else "redirect")
    flag = "unclear" if unclear else "off_topic"
    return {**reply.update(), "record": moved(state, "redirect", flag=flag)}

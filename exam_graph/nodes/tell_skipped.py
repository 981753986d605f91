"""Says what becomes of questions that were skipped."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def tell_skipped(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    skipped = "skipped" in state["statuses"].values()
    reply.phrase("information", "tell_skipped" if skipped else "tell_skipped_none")
    return {**reply.update(), "record": moved(state, "tell_skipped")}

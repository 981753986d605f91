"""Says what the examiner is, what is kept, and who decides the mark."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def identify(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("information", "identity")
    return {**reply.update(), "record": moved(state, "identify")}

"""Asks once for the exam's language; what was said is kept."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def use_language(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    context = runtime.context
    reply = Reply(state, runtime)
    reply.phrase("redirect", "use_language", language=context.phrases.language_name)
    return {**reply.update(), "language_asked": True, "record": moved(state, "use_language")}

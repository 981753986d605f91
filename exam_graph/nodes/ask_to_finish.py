"""The answer has gone on for as long as the paper allows: thanks, and asks to come to an end."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def ask_to_finish(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("redirect", "finish_please")
    return {**reply.update(), "finish_asked": True, "record": moved(state, "ask_to_finish")}

"""The student spoke over a question: keeps what was said, then asks the whole of it again."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import answered, moved


async def ask_again(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    understood = state["understood"] or {}
    reply = Reply(state, runtime)
    reply.phrase("redirect", "ask_again")
    kept = (
        answered(state, "ask_again", "answered", flag="talked_over")
        if state["phase"] == "question" and understood.get("intent") == "answer"
        else {"record": moved(state, "ask_again")}
    )
    return {**kept, **reply.ask_same()}

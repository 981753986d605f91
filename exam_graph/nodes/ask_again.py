"""The student spoke over what was asked: keeps what was said, then asks the whole again."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState, current_question_id
from exam_graph.turn import answered, moved


async def ask_again(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    understood = state["understood"] or {}
    reply = Reply(state, runtime)
    reply.phrase("redirect", "ask_again")
    question_id = current_question_id(state)
    kept: dict[str, Any] = {"record": moved(state, "ask_again")}
    if question_id is not None and understood.get("intent") == "answer":
        question = runtime.context.paper.question(question_id)
        kept = answered(state, "ask_again", question, "talked_over")
    return {**kept, **reply.ask_same()}

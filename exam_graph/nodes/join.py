"""The student went on with the last answer while the next question began: the words are its own."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.joining import question_meant
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import answered, moved


async def join(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    question_id = question_meant(state, runtime.context)
    kept: dict[str, Any] = {"record": {**moved(state, "join"), "question_id": None}}
    if question_id is not None:
        kept = answered(state, "join", runtime.context.paper.question(question_id), "joined")
    if state["phase"] == "finished":
        return kept
    reply = Reply(state, runtime)
    if question_id is None:
        reply.phrase("redirect", "ask_again")
    else:
        reply.phrase("acknowledgement", "joined")
    return {**kept, **reply.ask_same()}

"""Says where in the exam we are, by counting."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def tell_count(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    count = len(state["order"])
    reply = Reply(state, runtime)
    if state["phase"] == "question":
        number = str(state["position"] + 1)
        reply.phrase("count", "questions_left", number=number, count=str(count))
    else:
        questions = runtime.context.phrases.amount("question", count)
        reply.phrase("count", "questions_not_started", questions=questions)
    return {**reply.update(), "record": moved(state, "tell_count")}

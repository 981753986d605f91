"""One polite sentence back to the question, or a request to say it again."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState, current_question_id
from exam_graph.turn import moved

_FLAGS = ("unclear", "off_topic", "argue", "rude", "steer")


async def redirect(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    intent = (state["understood"] or {}).get("intent", "unclear")
    reply = Reply(state, runtime)
    reply.phrase("redirect", "unclear" if intent == "unclear" else "redirect")
    flag = intent if intent in _FLAGS else "off_topic"
    kept: dict[str, Any] = {"record": moved(state, "redirect", flag)}
    question_id = current_question_id(state)
    if intent == "unclear" and question_id is not None:
        answer = state["answers"][question_id]
        counted = {**answer, "unclear": answer["unclear"] + 1}
        kept["answers"] = {**state["answers"], question_id: counted}
    return {**reply.update(), **kept}

"""Gives the author's other wording, if there is one; exam mode knows no third."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved
from exam_graph.utterance import Utterance


async def clarify(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    question_id = state["record"]["question_id"]
    wording = runtime.context.paper.question(question_id).clarify if question_id else None
    if wording is None:
        reply.phrase("clarification", "clarify_refused")
    else:
        reply.say(Utterance("clarification", wording, wording, question_id=question_id))
    return {**reply.update(), "record": moved(state, "clarify")}

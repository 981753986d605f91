"""Gives the author's other wording, if there is one; exam mode knows no third."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.aloud import aloud
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState, current_question_id
from exam_graph.turn import moved
from exam_graph.utterance import Utterance


async def clarify(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    question_id = current_question_id(state)
    question = runtime.context.paper.question(question_id) if question_id else None
    if question is None or question.clarify is None:
        reply.phrase("clarification", "clarify_refused")
    else:
        say = aloud(question.clarify, runtime.context.paper.language)
        reply.say(Utterance("clarification", question.clarify, say, question_id=question_id))
    return {**reply.update(), "record": moved(state, "clarify")}

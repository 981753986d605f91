"""Says the last sentence of what was asked last once more."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.sentences import sentences
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved
from exam_graph.utterance import Utterance


async def repeat_last(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    asked = state["asked"]
    reply = Reply(state, runtime)
    if asked is not None:
        last = asked["utterances"][-1]
        text, say = sentences(last["text"])[-1], sentences(last["say"])[-1]
        authored, question_id = last["authored"], last["question_id"]
        reply.say(Utterance("excerpt", text, say, authored=authored, question_id=question_id))
    return {**reply.update(), "record": moved(state, "repeat_last")}

"""Learn mode: the next hint of the ladder."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.aloud import aloud
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import with_answer
from exam_graph.utterance import Utterance


async def hint(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    question_id = state["order"][state["position"]]
    number = state["answers"][question_id]["hints"]
    text = runtime.context.paper.question(question_id).hints[number]
    reply = Reply(state, runtime)
    reply.phrase("hint", "hint_intro")
    say = aloud(text, runtime.context.paper.language)
    reply.say(Utterance("hint", text, say, question_id=question_id))
    kept = with_answer(state, hints=number + 1)
    return {**kept, **reply.update(), "record": {**kept["record"], "move": "hint"}}

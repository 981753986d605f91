"""Learn mode, after the last hint: the explanation."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.aloud import aloud
from exam_graph.complete import missing
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import answered, settled
from exam_graph.utterance import Utterance


async def explain(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    question_id = state["order"][state["position"]]
    question = runtime.context.paper.question(question_id)
    language = runtime.context.paper.language
    reply = Reply(state, runtime)
    lacking = missing(question, state["answers"][question_id])
    text = question.model_answer or "; ".join(lacking)
    given_up = (state["understood"] or {}).get("intent") == "dont_know"
    reply.phrase("acknowledgement", "learn_given_up" if given_up else "no_more_hints")
    if text:
        reply.phrase("explanation", "explanation_intro")
        reply.say(Utterance("explanation", text, aloud(text, language), question_id=question_id))
    if given_up:
        kept = answered(state, "explain", question, status="dont_know")
    else:
        kept = settled(state, "explain", question_id, "dont_know")
    return {**kept, **reply.update()}

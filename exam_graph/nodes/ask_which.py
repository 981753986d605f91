"""One option is asked for and several were named: asks which one is meant."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.follow import TWO_OPTIONS
from exam_graph.paper import LETTERS
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import with_answer


async def ask_which(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    question = runtime.context.paper.question(state["order"][state["position"]])
    named = (state["understood"] or {}).get("choice", ())
    reply = Reply(state, runtime)
    reply.phrase(
        "clarification",
        "which_option",
        options=runtime.context.phrases.either([LETTERS[index] for index in named]),
    )
    kept = with_answer(state, flags=sorted({*state["answers"][question.id]["flags"], TWO_OPTIONS}))
    return {**reply.update(), **kept, "record": {**kept["record"], "move": "ask_which"}}

"""Asks the next question, to the letter."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply, question_utterances
from exam_graph.sequence import next_position
from exam_graph.state import ExamContext, ExamState


async def advance(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    position = next_position(state)
    assert position is not None
    context = runtime.context
    question = context.paper.question(state["order"][position])
    reply = Reply(state, runtime)
    reply.phrase(
        "count", "question_number", number=str(position + 1), count=str(len(state["order"]))
    )
    return {
        **reply.ask(*question_utterances(question, context.paper.language)),
        "position": position,
        "last_position": state["position"],
        "furthest": max(state["furthest"], position),
        "queue": state["queue"][1:],
        "heard_before": False,
        "revising": None,
        "waiting": "",
        "silences": 0,
        "finish_asked": False,
    }

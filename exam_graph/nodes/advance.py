"""Asks the next question, to the letter."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply, question_utterances
from exam_graph.state import ExamContext, ExamState


async def advance(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    position = state["position"] + 1
    question = runtime.context.paper.question(state["order"][position])
    reply = Reply(state, runtime)
    reply.phrase(
        "count", "question_number", number=str(position + 1), count=str(len(state["order"]))
    )
    asked = reply.ask(*question_utterances(question))
    return {**asked, "position": position, "covered": [], "probes": [], "flags": []}

"""The last question is done: offers those that were put aside, once."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.sequence import put_aside
from exam_graph.state import ExamContext, ExamState


async def offer(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    put_by = put_aside(state, runtime.context)
    reply = Reply(state, runtime)
    asked = reply.ask_phrase(
        "confirmation",
        "offer_missed" if runtime.context.learning else "offer_skipped",
        confirming="skipped",
        questions=runtime.context.phrases.amount("question", len(put_by)),
    )
    return {**asked, "offered": True, "waiting": "", "silences": 0, "revising": None}

"""Learn mode, after an answer: what was right; and what was missing, unless it is asked next."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.complete import missing, reached
from exam_graph.follow import open_probes
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState


async def give_feedback(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    question_id = state["order"][state["position"]]
    question, answer = runtime.context.paper.question(question_id), state["answers"][question_id]
    right, lacking = reached(question, answer), missing(question, answer)
    reply = Reply(state, runtime)
    if right:
        reply.phrase("feedback", "feedback_right", points="; ".join(right))
    elif open_probes(state, runtime.context):
        reply.phrase("feedback", "encouragement")
    if lacking and not open_probes(state, runtime.context):
        reply.phrase("feedback", "feedback_missing", points="; ".join(lacking))
    return reply.update()

"""Learn mode: what the answer has so far, when the student asks."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.complete import reached
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def feedback(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    question_id = state["order"][state["position"]]
    right = reached(runtime.context.paper.question(question_id), state["answers"][question_id])
    reply = Reply(state, runtime)
    if right:
        reply.phrase("feedback", "feedback_right", points="; ".join(right))
    elif state["statuses"][question_id] == "answered":
        reply.phrase("feedback", "feedback_nothing")
    else:
        reply.phrase("feedback", "take_your_time")
    return {**reply.update(), "record": moved(state, "feedback")}

"""The student does not know: recorded, without hint or comment."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import answered


async def give_up(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    question = runtime.context.paper.question(state["order"][state["position"]])
    reply = Reply(state, runtime)
    reply.phrase("acknowledgement", "given_up")
    return {**answered(state, "give_up", question, status="dont_know"), **reply.update()}

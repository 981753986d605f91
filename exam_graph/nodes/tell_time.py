"""Says how much time is left, from the clock."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState, remaining_ms
from exam_graph.turn import moved


async def tell_time(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    context = runtime.context
    name = "time_left" if state["phase"] == "question" else "time_not_started"
    reply = Reply(state, runtime)
    reply.phrase("time", name, time=context.phrases.duration(remaining_ms(state, context)))
    return {**reply.update(), "record": moved(state, "tell_time")}

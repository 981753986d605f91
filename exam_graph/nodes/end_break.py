"""The minutes of the break are over: back to what was asked."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import RUNNING, moved


async def end_break(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("pause", "break_over")
    return {**reply.update(), **RUNNING, "record": moved(state, "end_break")}

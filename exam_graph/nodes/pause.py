"""Stops the clock until the student goes on."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def pause(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("pause", "paused")
    return {
        **reply.update(),
        "paused": True,
        "break_minutes": 0.0,
        "confirming": "",
        "record": moved(state, "pause"),
    }

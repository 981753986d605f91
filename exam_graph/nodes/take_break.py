"""Pauses for the minutes of the student's profile."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def take_break(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    context = runtime.context
    minutes = context.profile.break_minutes
    reply = Reply(state, runtime)
    reply.phrase("pause", "break_started", time=context.phrases.duration(round(minutes * 60_000)))
    return {
        **reply.update(),
        "paused": True,
        "break_minutes": minutes,
        "breaks": state["breaks"] + 1,
        "record": moved(state, "take_break"),
    }

"""Warns once at each mark of the clock, at the pause in which the turn happens.

Not inside an answer, and not when something was cut off or failed: of that turn nothing is played.
"""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.clock import WARNING_MARKS
from exam_graph.events import Failed, NotHeard, parse_event
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState, clock_runs, remaining_ms


async def keep_time(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    remaining = remaining_ms(state, runtime.context)
    wanted = runtime.context.profile.time_warnings and clock_runs(state) and remaining > 0
    if not wanted or state["waiting"] or _still_speaking(state):
        return {}
    duration = runtime.context.duration_ms
    due = [
        mark
        for mark in WARNING_MARKS
        if remaining <= mark * 60_000 < duration and mark not in state["warned"]
    ]
    if not due:
        return {}
    reply = Reply(state, runtime)
    reply.phrase("warning", "warning", time=runtime.context.phrases.duration(remaining))
    return {**reply.update(), "warned": [*state["warned"], *due]}


def _still_speaking(state: ExamState) -> bool:
    if isinstance(parse_event(state["event"]), NotHeard | Failed):
        return True
    understood = state["understood"] or {}
    return bool(understood.get("unfinished")) or understood.get("intent") in ("think", "echo")

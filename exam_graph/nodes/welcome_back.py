"""Greets a student who was away, or to whom the examiner comes back, and says where we were."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import Returned, parse_event
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import RUNNING, answered, moved

#: The student was gone for longer than absences may last in all.
LONG_ABSENCE = "long_absence"


async def welcome_back(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    kept: dict[str, Any] = {"record": moved(state, "welcome_back")}
    if state["phase"] == "question":
        number, count = str(state["position"] + 1), str(len(state["order"]))
        reply.phrase("welcome_back", "welcome_back_question", number=number, count=count)
    else:
        reply.phrase("welcome_back", "welcome_back")
    event = parse_event(state["event"])
    assert isinstance(event, Returned)
    if state["phase"] == "question" and event.draft:
        reply.phrase("welcome_back", "draft_kept")
        question = runtime.context.paper.question(state["order"][state["position"]])
        kept = answered(state, "welcome_back", question, "interrupted")
    away_ms = state["away_ms"] + event.away_ms
    if state["away_ms"] <= runtime.context.absence_limit_ms < away_ms:
        kept["record"]["flags"] = [*kept["record"]["flags"], LONG_ABSENCE]
    return {**kept, **RUNNING, **reply.update(), "revising": None, "away_ms": away_ms}

"""The recogniser failed inside the answer: what was heard is kept, and the rest asked for."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import StudentSpoke, parse_event
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def ask_for_rest(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    event = parse_event(state["event"])
    assert isinstance(event, StudentSpoke)
    kept: dict[str, Any] = {"waiting": "rest", "record": moved(state, "ask_for_rest")}
    if event.fault == "lost":
        # Nobody would be heard yet: it is said with the loss, and asked for when it is over.
        return kept
    reply = Reply(state, runtime)
    reply.phrase("technical", "broken_off")
    return {**reply.update(), **kept}

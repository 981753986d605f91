"""An utterance was cut off: what it asked, if it asked, counts as not asked."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import NotHeard, parse_event
from exam_graph.state import Cut, ExamContext, ExamState
from exam_graph.turn import moved


async def note_unheard(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    event = parse_event(state["event"])
    assert isinstance(event, NotHeard)
    turn, position = (int(part) for part in event.utterance.split("."))
    asked = state["asked"]
    unasked = asked is not None and turn == asked["turn"] and position <= asked["last_position"]
    cut = Cut(
        noted=state["turn"],
        turn=turn,
        position=position,
        heard_ms=event.heard_ms,
        total_ms=event.total_ms,
    )
    return {
        "cut": cut,
        "heard": state["heard"] and not unasked,
        "record": moved(state, "note_unheard"),
    }

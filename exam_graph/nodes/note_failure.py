"""A part of ours failed for a moment: noted, and nothing is said."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import Failed, parse_event
from exam_graph.state import RECOGNISER_FAILED, VOICE_FAILED, ExamContext, ExamState
from exam_graph.turn import failed


async def note_failure(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    event = parse_event(state["event"])
    assert isinstance(event, Failed)
    flag = VOICE_FAILED if event.part == "voice" else RECOGNISER_FAILED
    return failed(state, "note_failure", flag)

"""A part of ours failed for a moment: noted, and nothing is said."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import Failed, parse_event
from exam_graph.state import RECOGNISER_FAILED, RECORDS_FAILED, VOICE_FAILED, ExamContext, ExamState
from exam_graph.turn import failed

_FLAGS = {"recogniser": RECOGNISER_FAILED, "voice": VOICE_FAILED, "records": RECORDS_FAILED}


async def note_failure(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    event = parse_event(state["event"])
    assert isinstance(event, Failed)
    return failed(state, "note_failure", _FLAGS[event.part])

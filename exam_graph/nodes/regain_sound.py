"""Sound comes through again: back to what was asked, or to the rest of an answer."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import SoundBack, parse_event
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def regain_sound(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    event = parse_event(state["event"])
    assert isinstance(event, SoundBack)
    kept = {"sound_lost": False, "reading": False, "record": moved(state, "regain_sound")}
    if state["paused"]:
        return kept
    reply = Reply(state, runtime)
    reply.phrase("technical", "voice_back" if event.cause == "voice" else "sound_back")
    if state["waiting"] == "rest":
        reply.phrase("technical", "rest_please")
    return {**kept, **reply.update()}

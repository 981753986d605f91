"""Nothing can come from the microphone: says so, and the clock stands."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import SoundCause, SoundLost, parse_event
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved

_CAUSES: dict[SoundCause, str] = {
    "muted": "sound_lost_muted",
    "unplugged": "sound_lost_unplugged",
    "digital_silence": "sound_lost_silent",
}


async def lose_sound(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    event = parse_event(state["event"])
    assert isinstance(event, SoundLost)
    kept = {"sound_lost": True, "record": moved(state, "lose_sound", "sound_lost")}
    if state["paused"] or state["phase"] == "waiting":
        return kept
    reply = Reply(state, runtime)
    reply.phrase("technical", _CAUSES[event.cause])
    return {**kept, **reply.update()}

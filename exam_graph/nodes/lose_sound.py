"""Sound does not come through: says so, and the clock stands."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import SoundCause, SoundLost, parse_event
from exam_graph.reply import Reply
from exam_graph.state import RECOGNISER_FAILED, VOICE_FAILED, ExamContext, ExamState
from exam_graph.turn import failed, moved

# A voice that has failed cannot say so: the page does.
_PHRASES: dict[SoundCause, str] = {
    "muted": "sound_lost_muted",
    "unplugged": "sound_lost_unplugged",
    "digital_silence": "sound_lost_silent",
    "recogniser": "sound_lost_recogniser",
}
_OURS: dict[SoundCause, str] = {"recogniser": RECOGNISER_FAILED, "voice": VOICE_FAILED}


async def lose_sound(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    event = parse_event(state["event"])
    assert isinstance(event, SoundLost)
    kept: dict[str, Any] = {"record": moved(state, "lose_sound", "sound_lost")}
    if event.cause in _OURS:
        kept = failed(state, "lose_sound", _OURS[event.cause])
    kept |= {"sound_lost": True, "reading": event.cause == "voice"}
    if state["paused"] or state["phase"] == "waiting" or event.cause not in _PHRASES:
        return kept
    reply = Reply(state, runtime)
    reply.phrase("technical", _PHRASES[event.cause])
    return {**kept, **reply.update()}

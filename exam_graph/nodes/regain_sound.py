"""The microphone gives sound again: back to what was asked."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def regain_sound(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    kept = {"sound_lost": False, "record": moved(state, "regain_sound")}
    if state["paused"]:
        return kept
    reply = Reply(state, runtime)
    reply.phrase("technical", "sound_back")
    return {**kept, **reply.update()}

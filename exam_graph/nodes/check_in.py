"""Nothing is heard: first a gentle word, then an offer to repeat or to move on."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def check_in(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    silences = state["silences"] + 1
    kept: dict[str, Any] = {"silences": silences}
    if state["phase"] != "question":
        reply.phrase("technical", "soundcheck_silent")
    elif state["waiting"] == "thinking":
        reply.phrase("checkin", "take_your_time")
        kept = {"waiting": ""}
    elif silences == 1:
        reply.phrase("checkin", "check_in")
    else:
        reply.phrase("checkin", "offer_repeat_or_move_on")
        kept["confirming"] = "silence"
    return {**reply.update(), **kept, "record": moved(state, "check_in")}

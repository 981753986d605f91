"""The end was not wanted, the pause is over, or all is well: back to what was asked."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import RUNNING, moved

_WORDS: dict[str, str] = {
    "end": "end_refused",
    "wellbeing": "wellbeing_go_on",
    "distress": "wellbeing_go_on",
    "sound": "sound_slowly",
}


async def go_on(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    name = _WORDS.get(state["answering"], "resumed")
    reply.phrase("acknowledgement", name)
    return {
        **reply.update(),
        **RUNNING,
        "confirming": "",
        "revising": None,
        "silences": 0,
        "record": moved(state, "go_on"),
    }

"""Two questions running were met with silence: asks whether all is well."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def ask_wellbeing(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("checkin", "ask_wellbeing")
    return {
        **reply.update(),
        "confirming": "wellbeing",
        "silences": state["silences"] + 1,
        "record": moved(state, "ask_wellbeing", "no_response"),
    }

"""Asks again what was asked last: the same words, as often as wanted."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import Silence, parse_event
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import RUNNING, moved


async def repeat(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    # After a doubt about the sound, what is asked again is spoken more slowly.
    slow = state["answering"] == "sound"
    reply = Reply(state, runtime)
    record = state["record"]
    silent = isinstance(parse_event(state["event"]), Silence)
    return {
        **RUNNING,
        **reply.ask_same(slow=slow),
        "silences": state["silences"] + 1 if silent else 0,
        "record": record if record["move"] != "wait" else moved(state, "repeat"),
    }

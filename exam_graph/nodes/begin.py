"""After the practice question: says what comes, and the exam proper begins."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import Silence, parse_event
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def begin(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    context = runtime.context
    reply = Reply(state, runtime)
    silent = isinstance(parse_event(state["event"]), Silence)
    reply.phrase("acknowledgement", "practice_silent" if silent else "practice_done")
    reply.phrase(
        "greeting",
        "exam_intro_learn" if context.learning else "exam_intro",
        questions=context.phrases.amount("question", len(state["order"])),
        time=context.phrases.duration(context.duration_ms),
    )
    return {**reply.update(), "phase": "question", "record": moved(state, "begin")}

"""Welcomes the student and asks for a few words, to check the sound."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def greet(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    context = runtime.context
    reply = Reply(state, runtime)
    name = "greeting_learn" if context.learning else "greeting"
    reply.phrase("greeting", name, title=context.paper.title)
    asked = reply.ask_phrase("soundcheck", "soundcheck")
    return {**asked, "phase": "soundcheck", "record": moved(state, "greet")}

"""The examiner's own voice came back: never an answer. Says so and asks again."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def note_echo(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("technical", "echo")
    return {**reply.ask_same(), "echoing": True, "record": moved(state, "note_echo", "echo")}

"""The student has said what there is to say: on to the next question, without a further probe."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved


async def move_on(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("acknowledgement", "acknowledgement")
    return {**reply.update(), "record": moved(state, "move_on")}

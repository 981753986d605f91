"""Sound does not seem to arrive: asks whether it does now, while the clock stands."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState, current_question_id
from exam_graph.turn import moved


async def check_hearing(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("technical", "sound_problem")
    kept: dict[str, Any] = {"record": moved(state, "check_hearing", "sound_problem")}
    question_id = current_question_id(state)
    if question_id is not None:
        answer = {**state["answers"][question_id], "unclear": 0}
        kept["answers"] = {**state["answers"], question_id: answer}
    return {**reply.update(), **kept, "confirming": "sound"}

"""The student was heard: on to the practice question, which is not marked."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import moved
from exam_graph.utterance import Utterance


async def check_sound(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    reply.phrase("acknowledgement", "sound_good")
    reply.phrase("practice", "practice_intro")
    practice = runtime.context.paper.practice
    if practice is None:
        asked = reply.ask_phrase("practice", "practice")
    else:
        asked = reply.ask(Utterance("practice", practice, practice))
    return {**asked, "phase": "practice", "record": moved(state, "check_sound")}

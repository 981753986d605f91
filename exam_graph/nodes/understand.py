"""What did the student mean? Asked once a turn; a turn that is replayed brings its answer along."""

import dataclasses
from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import Command, Returned, StudentSpoke, parse_event
from exam_graph.joining import cut_now, question_meant, target_position
from exam_graph.state import ExamContext, ExamState, current_question_id
from exam_graph.understanding import Context, Heard, Understood

#: A word of the student's ends whatever was waited for.
_HEARD_AGAIN: dict[str, Any] = {
    "confirming": "",
    "waiting": "",
    "silences": 0,
    "silent_questions": 0,
    "sound_lost": False,
    "echoing": False,
}


async def understand(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    event = parse_event(state["event"])
    if isinstance(event, Command | Returned):
        return _HEARD_AGAIN | {"sound_lost": state["sound_lost"]}
    if not isinstance(event, StudentSpoke):
        return {}
    # Who types answers the question on the screen, whether or not the voice had finished it.
    changed = {**_HEARD_AGAIN, "heard": state["heard"] or event.typed}
    if state["understood"] is not None:
        return changed
    understood = await _understood(Heard(event.text, event.confidence), state, runtime.context)
    return {**changed, "understood": understood.to_dict()}


async def _understood(heard: Heard, state: ExamState, context: ExamContext) -> Understood:
    asks_for = question_meant(state, context)
    understood = await context.understanding.understand(heard, _context(state, context, asks_for))
    if understood.intent != "revise" or not understood.content:
        return understood
    position = target_position(state, understood)
    if position is None or state["order"][position] == asks_for:
        return understood
    # What it says was judged as an answer to the open question; it is one to another.
    there = await context.understanding.understand(
        heard, _context(state, context, state["order"][position])
    )
    return dataclasses.replace(
        understood, covered=there.covered, choice=there.choice, value=there.value
    )


def _context(state: ExamState, context: ExamContext, question_id: str | None) -> Context:
    asked, said = state["asked"], state["said_last"]
    is_open = question_id is not None and question_id == current_question_id(state)
    return Context(
        question=context.paper.question(question_id) if question_id else None,
        answer_so_far=state["answer_so_far"] if is_open else "",
        phase="paused" if state["paused"] else state["phase"],
        asked=" ".join(each["text"] for each in asked["utterances"]) if asked else "",
        confirming=state["answering"],
        language=context.paper.language,
        said=" ".join(each["say"] for each in said["utterances"]) if said else "",
        cut=cut_now(state) is not None,
        number=state["position"] + 1 if is_open else 0,
    )

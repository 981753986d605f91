"""What did the student mean? Asked once a turn; a turn that is replayed brings its answer along.

When that takes longer than the student's turn, the thanks for an answer come first: there is no
dead air, and nothing is said that depends on what was meant.
"""

import asyncio
import dataclasses
from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import Command, Returned, StudentSpoke, parse_event
from exam_graph.follow import may_probe, speaks_long
from exam_graph.joining import cut_now, question_meant, target_position
from exam_graph.nodes.acknowledge import thank
from exam_graph.state import ExamContext, ExamState, current_question_id
from exam_graph.understanding import Context, Heard, Understood

#: A word of the student's ends whatever was waited for.
_HEARD_AGAIN: dict[str, Any] = {
    "confirming": "",
    "waiting": "",
    "silences": 0,
    "silent_questions": 0,
    "sound_lost": False,
    "reading": False,
    "echoing": False,
}


async def understand(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    event = parse_event(state["event"])
    if isinstance(event, Command | Returned):
        return _HEARD_AGAIN | {"sound_lost": state["sound_lost"], "reading": state["reading"]}
    if not isinstance(event, StudentSpoke):
        return {}
    # Who types answers the question on the screen, whether or not the voice had finished it.
    changed = {**_HEARD_AGAIN, "heard": state["heard"] or event.typed}
    if state["understood"] is not None:
        return changed | (thank(state, runtime) if state["understood"].get("thanked") else {})
    heard = Heard(event.text, event.confidence, runtime.context.certain)
    understood, thanks = await _without_dead_air(heard, state, runtime)
    if not thanks:
        return {**changed, "understood": understood.to_dict()}
    # Who was thanked is not listened to further: half a clause is an answer then.
    finished = dataclasses.replace(understood, unfinished=False)
    return {**changed, **thanks, "understood": {**finished.to_dict(), "thanked": True}}


async def _without_dead_air(
    heard: Heard, state: ExamState, runtime: Runtime[ExamContext]
) -> tuple[Understood, dict[str, Any]]:
    """What was meant; and the state's changes by thanks, if they had to be said meanwhile."""
    context = runtime.context
    if heard.certain is None:
        return await _understood(heard, state, context), {}
    understanding = asyncio.ensure_future(_understood(heard, state, context))
    certain = asyncio.ensure_future(heard.certain.wait())
    try:
        # What needs no waiting is there after one step, and a certain turn is certain before it.
        await asyncio.sleep(0)
        if not understanding.done():
            await asyncio.wait((understanding, certain), return_when=asyncio.FIRST_COMPLETED)
        if understanding.done() or not _may_thank(heard, state, context):
            return await understanding, {}
        thanks = thank(state, runtime)
        return await understanding, thanks
    finally:
        understanding.cancel()
        certain.cancel()


def _may_thank(heard: Heard, state: ExamState, context: ExamContext) -> bool:
    """Only for an answer to the question that is open and was heard: nothing else is thanked for,
    and no repeat or time answer is put off by it."""
    plain = not state["answering"] and not state["paused"] and state["revising"] is None
    question_id = question_meant(state, context)
    if not plain or not state["heard"] or question_id != current_question_id(state):
        return False
    if speaks_long(state, context):
        # Is thanked in the sentence that asks to finish.
        return False
    return context.understanding.is_answer(heard, _context(state, context, question_id))


def overhear(words: str, state: ExamState, context: ExamContext) -> None:
    """Passes on the words so far of a turn that goes on. `state`: as if the turn ended now."""
    question_id = question_meant(state, context)
    if question_id is not None:
        context.understanding.overhear(Heard(words), _context(state, context, question_id))


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
        probing=is_open and may_probe(state, context),
    )

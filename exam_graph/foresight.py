"""What the examiner may say next, for whoever makes its voice ready.

The graph itself is played on what could happen, so the words are those that will be said, to the
letter, and no list of them can grow stale. Nothing is kept of it, and no model is asked.
"""

import dataclasses
from collections.abc import AsyncIterator

from exam_graph.aloud import aloud
from exam_graph.clock import next_mark
from exam_graph.events import Event, Returned, Silence, Started, StudentSpoke, TimePassed
from exam_graph.graph import ExamGraph, run
from exam_graph.sentences import sentences
from exam_graph.state import (
    ExamContext,
    Kept,
    current_question_id,
    kept_part,
    remaining_ms,
    with_event,
)
from exam_graph.understanding import Intent, Understood
from exam_graph.utterance import Utterance

MINUTE_MS = 60_000
_OPENING = ("Yes, I can hear you.", "I like to read.")
#: What a student may want besides answering, where the reply is more than a fixed phrase.
_WISHES: tuple[Intent, ...] = (
    *("repeat", "dont_know", "skip", "time_left", "clarify", "questions_left"),
)
#: The same where there are options, or several sentences.
_WISHES_OF_LONG: tuple[Intent, ...] = ("options", "last_words")
_WISHES_OF_LEARNERS: tuple[Intent, ...] = ("hint", "verdict")
_CONFIRMATIONS: tuple[Intent, ...] = ("yes", "no")
_SPOKE = StudentSpoke(text="-")


def phrases(context: ExamContext) -> list[Utterance]:
    """All fixed sentences without a blank in them: they may come at any time."""
    language = context.paper.language
    wordings = [each for some in context.phrases.wordings.values() for each in some]
    return [
        Utterance("information", text, aloud(text, language))
        for text in wordings
        if "{" not in text
    ]


async def foresee(
    graph: ExamGraph, state: Kept, context: ExamContext
) -> AsyncIterator[list[Utterance]]:
    """The replies to what may come next, the likelier first; before the exam, its opening."""
    calm = dataclasses.replace(context, probes=None, certain=None)
    if state["phase"] == "waiting":
        async for reply in _opening(graph, state, calm):
            yield reply
        return
    for meaning in _meanings(state, calm):
        yield (await _imagine(graph, state, calm, _SPOKE, meaning))[0]
    for event in (Silence(level=state["silences"] + 1), Returned()):
        yield (await _imagine(graph, state, calm, event))[0]
    if state["phase"] == "question":
        async for reply in _by_the_clock(graph, state, calm):
            yield reply


async def _opening(
    graph: ExamGraph, state: Kept, context: ExamContext
) -> AsyncIterator[list[Utterance]]:
    """Greeting, sound check, practice, and the first question."""
    said, state = await _imagine(graph, state, context, Started())
    yield said
    for text in _OPENING:
        spoke, meaning = StudentSpoke(text=text), Understood("answer")
        said, state = await _imagine(graph, state, context, spoke, meaning)
        yield said


async def _by_the_clock(
    graph: ExamGraph, state: Kept, context: ExamContext
) -> AsyncIterator[list[Utterance]]:
    """What the clock's next mark brings, and the time that is left in a minute."""
    mark, due_ms = next_mark(context.duration_ms, state["used_ms"])
    due: Kept = {**state, "used_ms": state["used_ms"] + due_ms}
    yield (await _imagine(graph, due, context, TimePassed(mark=mark)))[0]
    later: Kept = {**state, "used_ms": state["used_ms"] + MINUTE_MS}
    if remaining_ms(later, context) > MINUTE_MS:
        yield (await _imagine(graph, later, context, _SPOKE, Understood("time_left")))[0]


def _meanings(state: Kept, context: ExamContext) -> list[Understood]:
    """What the student's next words may mean."""
    answers = [Understood("answer", covered=covered) for covered in _coverages(state, context)]
    wishes = [
        *_WISHES,
        *(_WISHES_OF_LONG if _asked_at_length(state) else ()),
        *(_WISHES_OF_LEARNERS if context.learning else ()),
        *(_CONFIRMATIONS if state["confirming"] else ()),
    ]
    return [*answers, *(Understood(intent) for intent in wishes)]


def _asked_at_length(state: Kept) -> bool:
    """Whether the last words of what was asked are less than all of it."""
    asked = state["asked"]
    return asked is not None and (
        len(asked["utterances"]) > 1 or len(sentences(asked["utterances"][-1]["text"])) > 1
    )


def _coverages(state: Kept, context: ExamContext) -> list[tuple[str, ...]]:
    """Of the open question: nothing reached, everything, and everything but one point."""
    question_id = current_question_id(state)
    if question_id is None:
        return [()]
    question = context.paper.question(question_id)
    every = tuple(point.id for point in question.points)
    but_one = [tuple(each for each in every if each != left) for left in every]
    return list(dict.fromkeys([every, (), *but_one]))


async def _imagine(
    graph: ExamGraph,
    state: Kept,
    context: ExamContext,
    event: Event,
    understood: Understood | None = None,
) -> tuple[list[Utterance], Kept]:
    given = with_event(
        state,
        event.model_dump(mode="json"),
        used_ms=state["used_ms"],
        understood=None if understood is None else understood.to_dict(),
    )
    said: list[Utterance] = []
    outcome = await run(graph, given, context, said.append)
    return said, kept_part(outcome)

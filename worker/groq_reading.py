"""A model's reading of a turn: what it may say, and how much of it is believed.

A model knows meanings, rules know what must not be lost. So a reading adds to what the rules made
of the turn; it never takes an answer away that they are sure of, and never ends or skips by itself
what a student would have to say in so many words.
"""

import dataclasses
from typing import Any

from pydantic import BaseModel, ConfigDict

from exam_graph.coverage import content_stems, coverage, is_light
from exam_graph.language import language_data
from exam_graph.paper import ChoiceQuestion, Question, ShortQuestion
from exam_graph.understanding import INTENTS, NOTICES, Context, Heard, Intent, Notice, Understood
from exam_graph.words import words

# A command longer than this holds an answer somewhere, and an answer is never lost.
MAX_COMMAND_WORDS = 40
# One that costs the question, the exam or the words themselves is short.
MAX_COSTLY_WORDS = 12

_COSTLY: frozenset[Intent] = frozenset(
    {
        *("skip", "dont_know", "continue", "go_back", "revise", "end", "pause", "take_break"),
        *("think", "unclear", "yes", "no"),
    }
)


class Reading(BaseModel):
    """The reply, as its schema describes it."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    intent: Intent
    covered: list[str]
    target: int | None
    content: bool
    unfinished: bool
    notices: list[Notice]


def properties(context: Context) -> dict[str, Any]:
    """The JSON schema of each field of `Reading`."""
    points = [point.id for point in context.question.points] if context.question else []
    # An empty `enum` is no valid schema.
    an_id = {"type": "string", "enum": points} if points else {"type": "string"}
    return {
        "intent": {"type": "string", "enum": list(_offered(context))},
        "covered": {"type": "array", "items": an_id},
        "target": {"type": ["integer", "null"]},
        "content": {"type": "boolean"},
        "unfinished": {"type": "boolean"},
        "notices": {"type": "array", "items": {"type": "string", "enum": list(NOTICES)}},
    }


def believed(reading: Reading, by_rules: Understood, heard: Heard, context: Context) -> Understood:
    """The turn's meaning; `doubtful` where the reading holds what a model may not say."""
    intent = _intent(reading.intent, by_rules, heard, context)
    known = {point.id for point in context.question.points} if context.question else set()
    strange = intent != reading.intent or not known.issuperset(reading.covered)
    if intent == "answer":
        return _answer(reading, by_rules, context, strange=strange)
    if intent == by_rules.intent:
        return dataclasses.replace(by_rules, source="model", doubtful=strange)
    understood = Understood(intent, source="model", doubtful=strange)
    if intent == "revise":
        return _revision(reading, understood, context)
    if intent == "go_back":
        return dataclasses.replace(understood, target=_target(reading, context))
    return understood


def _offered(context: Context) -> tuple[Intent, ...]:
    """Its own voice the examiner knows better; a yes or a no has a meaning only where asked for."""
    never = {"echo"} if context.confirming else {"echo", "yes", "no"}
    return tuple(each for each in INTENTS if each not in never)


def _intent(wanted: Intent, by_rules: Understood, heard: Heard, context: Context) -> Intent:
    if wanted in ("answer", by_rules.intent):
        return wanted
    if wanted not in _offered(context):
        return by_rules.intent
    if context.confirming == "end" and wanted in ("yes", "end"):
        # Ends an exam: that takes a clear yes, and rules know those.
        return by_rules.intent
    if by_rules.intent == "answer" and _is_sure(by_rules, heard, context):
        return "answer"
    if wanted in _COSTLY and not _may_cost(heard, context):
        return by_rules.intent
    return wanted


def _is_sure(by_rules: Understood, heard: Heard, context: Context) -> bool:
    """Whether rules know these words, not only those said before, to be an answer."""
    if by_rules.choice or by_rules.value is not None:
        return True
    return _word_count(heard) > MAX_COMMAND_WORDS or _reaches_a_point(by_rules, heard, context)


def _reaches_a_point(by_rules: Understood, heard: Heard, context: Context) -> bool:
    if context.question is None or not by_rules.covered:
        return False
    if not context.answer_so_far:
        return True
    data = language_data(context.language)
    before = coverage(context.question, context.answer_so_far, data).covered
    return not set(by_rules.covered) <= set(before) or bool(
        coverage(context.question, heard.text, data).covered
    )


def _may_cost(heard: Heard, context: Context) -> bool:
    """Whether the words can be a command that costs something: few, and none out of the key."""
    if _word_count(heard) > MAX_COSTLY_WORDS:
        return False
    if context.question is None:
        return True
    data = language_data(context.language)
    asked = content_stems(context.question.ask, data)
    key = {each for text in _key(context.question) for each in content_stems(text, data)}
    telling = {each for each in key.difference(asked) if not is_light(each, data)}
    return telling.isdisjoint(content_stems(heard.text, data))


def _key(question: Question) -> list[str]:
    """What an answer would be made of."""
    if isinstance(question, ChoiceQuestion):
        return [option.spoken for option in question.options]
    if isinstance(question, ShortQuestion):
        return [str(question.value)]
    return [point.looks_for for point in question.points]


def _answer(
    reading: Reading, by_rules: Understood, context: Context, *, strange: bool
) -> Understood:
    points = context.question.points if context.question else ()
    covered = tuple(point.id for point in points if point.id in reading.covered)
    if "steer" in by_rules.notices:
        # Words that give orders to the model are not read by it.
        strange, covered = strange or covered != by_rules.covered, by_rules.covered
    noticed = {*by_rules.notices, *reading.notices, reading.intent}
    return Understood(
        "answer",
        covered=covered,
        choice=by_rules.choice,
        value=by_rules.value,
        source="model",
        doubtful=strange,
        unfinished=by_rules.unfinished or reading.unfinished or reading.intent == "think",
        notices=tuple(each for each in NOTICES if each in noticed),
    )


def _revision(reading: Reading, understood: Understood, context: Context) -> Understood:
    """No words go under another question by a model alone: the student is asked for them."""
    target = _target(reading, context)
    here = target in (None, context.number) and bool(context.answer_so_far)
    return dataclasses.replace(understood, target=target, content=reading.content and here)


def _target(reading: Reading, context: Context) -> int | None:
    """0 is the question before."""
    named = reading.target
    return named if named is not None and 0 <= named <= context.number else None


def _word_count(heard: Heard) -> int:
    return len(words(heard.text))

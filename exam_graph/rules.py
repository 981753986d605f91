"""Understanding by rules: deterministic, immediate, always there.

Conservative on purpose: taking a command for an answer costs a student a moment, taking an answer
for a command costs the answer.
"""

from collections.abc import Iterable
from dataclasses import replace

from exam_graph.answering import CLOSING, answered
from exam_graph.choosing import choose
from exam_graph.commands import Grammar, grammar
from exam_graph.confirming import confirmed
from exam_graph.echo import is_beginning, is_echo, is_exact_echo, is_same
from exam_graph.language import language_data
from exam_graph.noticing import answers_after_all
from exam_graph.paper import ChoiceQuestion, Language, ShortQuestion
from exam_graph.revising import question_named, revision
from exam_graph.understanding import Context, Heard, Intent, Notice, Understood
from exam_graph.value import measures
from exam_graph.words import words

# Below this mean confidence, a turn of few words is noise rather than speech.
_NOISE_CONFIDENCE = 0.25
_NOISE_WORDS = 3

# An answer in numbers longer than this holds more than the number.
_VALUE_WORDS = 12

# So many words that hold no command are about the matter.
_MATTER_WORDS = 5

# What an utterance of several commands comes down to: the first of these that it holds.
_BY_WEIGHT: dict[str, Intent] = {
    "distress": "distress",
    "end": "end",
    "sound_problem": "sound_problem",
    "steer": "steer",
    "take_break": "take_break",
    "pause": "pause",
    "revise": "revise",
    "skipped_ones": "skipped_ones",
    "go_back": "go_back",
    "last_words": "last_words",
    "repeat": "repeat",
    "options": "options",
    "clarify": "clarify",
    "hint": "hint",
    "verdict": "verdict",
    "identity": "identity",
    "time_left": "time_left",
    "questions_left": "questions_left",
    "skip": "skip",
    "dont_know": "dont_know",
    "move_on": "continue",
    "already_said": "argue",
    "argue": "argue",
    "off_topic": "off_topic",
    "rude": "rude",
    "again": "repeat",
    "done": "continue",
    "continue": "continue",
    "unsure": "think",
    "think": "think",
}


class RulesUnderstanding:
    """The `Understanding` that needs no model. Holds nothing; every turn has an outcome."""

    def __init__(self, languages: Iterable[Language] = ("en",)) -> None:
        """Reads the languages ahead; others are read when first heard."""
        for language in languages:
            warm = Context(language=language, said="-")
            self.decide(Heard("one two three four five six"), warm)

    async def understand(self, heard: Heard, context: Context) -> Understood:
        return self.decide(heard, context)

    def decide(self, heard: Heard, context: Context) -> Understood:
        """What rules make of the turn; in doubt it is an answer."""
        return _without_answer(heard, context) or answered(heard.text, context)

    def judge(self, heard: Heard, context: Context) -> tuple[Understood, bool]:
        """As `decide`, and whether it is obvious: a model could not know better. So are commands,
        options named as such, a number where one is wanted, and what breaks off."""
        understood = self.decide(heard, context)
        return understood, _is_obvious(understood, heard, context)

    def overhear(self, heard: Heard, context: Context) -> None:
        """Nothing here takes long."""

    def is_answer(self, heard: Heard, context: Context) -> bool:
        """Whether nobody could take it for anything else: it says what was asked for, or enough
        about the matter and nothing to the examiner."""
        understood = self.decide(heard, context)
        if understood.intent != "answer" or understood.unfinished or context.question is None:
            return False
        if understood.choice or understood.value is not None:
            return True
        said = words(heard.text)
        addressed = language_data(context.language).examiner.intersection(said)
        asks = heard.text.rstrip().endswith("?")
        return len(said) >= _MATTER_WORDS and not addressed and not asks


def _is_obvious(understood: Understood, heard: Heard, context: Context) -> bool:
    question = context.question
    if understood.doubtful:
        return False
    if understood.intent != "answer" or question is None or understood.unfinished:
        return True
    if isinstance(question, ChoiceQuestion):
        return choose(question, heard.text, language_data(context.language)).clear
    return understood.value is not None and len(words(heard.text)) <= _VALUE_WORDS


def _without_answer(heard: Heard, context: Context) -> Understood | None:
    """The outcome of a turn that answers nothing, None if it is an answer."""
    if _is_noise(heard):
        return Understood("unclear")
    patterns = grammar(context.language)
    said = patterns.parse(heard.text, confirming=context.confirming)
    if own := _own_words(heard, context, said):
        return Understood(own)
    if said is None:
        return _revision(heard, context) or _asked_for_a_word(heard, context, patterns)
    if context.confirming and (intent := _confirmed(heard, context, said)):
        return Understood(intent)
    said -= {"yes", "no"}
    question = context.question
    choice = isinstance(question, ChoiceQuestion) and choose(question, heard.text, patterns.data)
    if choice and choice.clear and choice.indexes and said <= CLOSING:
        # "Option one, please" is no command, and "the last one" no repeat.
        return None
    if not said:
        return _in_passing(heard, context)
    if _is_answer_after_all(heard, context, said, patterns):
        return None
    return _command(said, heard, context, patterns)


def _command(said: frozenset[str], heard: Heard, context: Context, patterns: Grammar) -> Understood:
    name = next(name for name in _BY_WEIGHT if name in said)
    intent = _BY_WEIGHT[name]
    noticed: tuple[Notice, ...] = ("rude",) if "rude" in said and name != "rude" else ()
    if name == "move_on":
        # Nothing said yet: the question is passed over. Otherwise the answer is complete.
        waiting = not context.answer_so_far and context.phase != "paused"
        intent = "skip" if waiting and context.question else "continue"
    elif name == "already_said" and context.answer_so_far:
        intent = "continue"
    target = None
    if intent in ("revise", "go_back"):
        target = question_named(patterns.said(heard.text), patterns.data)
    if intent == "go_back" and target and target == context.number:
        return Understood("repeat", notices=noticed)
    return Understood(intent, doubtful=name == "unsure", target=target, notices=noticed)


def _is_noise(heard: Heard) -> bool:
    found = words(heard.text)
    if not found:
        return True
    unsure = heard.confidence is not None and heard.confidence < _NOISE_CONFIDENCE
    return unsure and len(found) <= _NOISE_WORDS


def _own_words(heard: Heard, context: Context, said: frozenset[str] | None) -> Intent | None:
    """Whether the examiner's own words were heard: its echo, or a question read to oneself."""
    if not context.said:
        return None
    data = language_data(context.language)
    if isinstance(context.question, ChoiceQuestion) and any(
        is_same(heard.text, option, data)
        for each in context.question.options
        for option in (each.text, each.spoken)
    ):
        return None
    if context.cut:
        # "I would like to go on" is near to "Would you like to go on?", and is a command.
        near = not said and (
            is_echo(heard.text, context.said, data) or is_beginning(heard.text, context.said, data)
        )
        return "echo" if near or is_exact_echo(heard.text, context.said, data) else None
    if context.question is None or context.confirming or said:
        return None
    same = any(is_same(heard.text, each, data) for each in (context.said, context.asked))
    return "think" if same else None


def _confirmed(heard: Heard, context: Context, said: frozenset[str]) -> Intent | None:
    agreeing = not language_data(context.language).agreeing.isdisjoint(words(heard.text))
    return confirmed(said, context.confirming, agreeing=agreeing)


def _revision(heard: Heard, context: Context) -> Understood | None:
    """A revision; its new words are read as an answer to the question of the context."""
    alone = context.question is not None and not context.answer_so_far
    found = revision(heard.text, language_data(context.language), alone=alone)
    if found is None:
        return None
    if not found.words:
        return Understood("revise", target=found.target)
    read = answered(found.words, replace(context, answer_so_far=""))
    return Understood(
        "revise",
        covered=read.covered,
        choice=read.choice,
        value=read.value,
        target=found.target,
        content=True,
    )


def _asked_for_a_word(heard: Heard, context: Context, patterns: Grammar) -> Understood | None:
    """ "What is osmosis?", if that is a word of the question."""
    if context.question is None or not context.question.ask:
        return None
    asked = patterns.asked_about(heard.text)
    return Understood("clarify") if asked and asked <= set(words(context.question.ask)) else None


def _in_passing(heard: Heard, context: Context) -> Understood | None:
    """Courtesies and fillers alone: before the exam they are an answer, in a pause the sign to go
    on, and else somebody who thinks."""
    if context.phase == "paused":
        return Understood("continue")
    if context.question is None:
        return None
    # A bare yes or no answers a question or a probe that wants one.
    if grammar(context.language).interjection(heard.text) & {"yes", "no"}:
        return None
    return Understood("think")


def _is_answer_after_all(
    heard: Heard, context: Context, said: frozenset[str], patterns: Grammar
) -> bool:
    """Whether what reads as a command goes on with the answer, or says what is asked for."""
    question, data = context.question, patterns.data
    if question is None:
        return False
    spoken = patterns.said(heard.text)
    goes_on = spoken[0] in data.continuing and data.addressing.isdisjoint(words(heard.text))
    if goes_on and context.answer_so_far:
        return True
    if isinstance(question, ShortQuestion) and measures(heard.text, question.unit, data):
        return True
    return answers_after_all(heard.text, said, question, data)

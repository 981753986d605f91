"""Understanding by rules: deterministic, immediate, always there.

Conservative on purpose: taking a command for an answer costs a student a moment, taking an answer
for a command costs the answer.
"""

import re
from collections.abc import Iterable

from exam_graph.choosing import Choice, choose
from exam_graph.commands import grammar
from exam_graph.coverage import coverage
from exam_graph.language import language_data
from exam_graph.paper import ChoiceQuestion, Language, OpenQuestion
from exam_graph.understanding import Context, Heard, Intent, Understood
from exam_graph.words import words

# Below this mean confidence, a turn of few words is noise rather than speech.
_NOISE_CONFIDENCE = 0.25
_NOISE_WORDS = 3

# What an utterance of several commands comes down to: the first of these that it holds.
_BY_WEIGHT: tuple[str, ...] = (
    "end",
    "pause",
    "repeat",
    "clarify",
    "time_left",
    "questions_left",
    "skip",
    "dont_know",
    "off_topic",
    "move_on",
    "done",
    "continue",
    "unsure",
    "think",
)
# Commands that may follow an answer as its end, without asking for anything else.
_CLOSING = frozenset({"done", "continue", "move_on", "think", "unsure"})

_INTENTS: dict[str, Intent] = {
    "end": "end",
    "pause": "pause",
    "repeat": "repeat",
    "clarify": "clarify",
    "time_left": "time_left",
    "questions_left": "questions_left",
    "skip": "skip",
    "dont_know": "dont_know",
    "off_topic": "off_topic",
    "done": "continue",
    "continue": "continue",
    "unsure": "think",
    "think": "think",
}


class RulesUnderstanding:
    """The `Understanding` that needs no model. Holds nothing; every turn has an outcome."""

    def __init__(self, languages: Iterable[Language] = ("en",)) -> None:
        """Compiles the languages ahead, 0.1 s each; others are compiled when first heard."""
        for language in languages:
            grammar(language)

    async def understand(self, heard: Heard, context: Context) -> Understood:
        return self.decide(heard, context)

    def decide(self, heard: Heard, context: Context) -> Understood:
        """What rules make of the turn; in doubt it is an answer."""
        return _without_answer(heard, context) or _answer(heard, context)

    def obvious(self, heard: Heard, context: Context) -> Understood | None:
        """The outcome, where a model could not know better: commands, and options named as such."""
        understood = self.decide(heard, context)
        if understood.doubtful:
            return None
        if understood.intent != "answer" or context.question is None:
            return understood
        if isinstance(context.question, ChoiceQuestion):
            return understood if _choice(heard, context.question, context).clear else None
        return None


def _without_answer(heard: Heard, context: Context) -> Understood | None:
    """The outcome of a turn that answers nothing, None if it is an answer."""
    if _is_noise(heard):
        return Understood("unclear")
    if isinstance(context.question, ChoiceQuestion):
        # "Option one, please" is no command, and "the last one" no repeat.
        choice = _choice(heard, context.question, context)
        if choice.clear and choice.indexes:
            return None
    said = grammar(context.language).parse(heard.text, confirming=context.confirming)
    if said is None:
        return None
    if context.confirming and (confirmed := _confirmed(said)):
        return Understood(confirmed)
    if not said:
        return _in_passing(heard, context)
    name = next(name for name in _BY_WEIGHT if name in said)
    if name == "move_on":
        # Nothing said yet: the question is passed over. Otherwise the answer is complete.
        waiting = not context.answer_so_far and context.phase != "paused"
        return Understood("skip" if waiting and context.question else "continue")
    return Understood(_INTENTS[name], doubtful=name == "unsure")


def _is_noise(heard: Heard) -> bool:
    found = words(heard.text)
    if not found:
        return True
    unsure = heard.confidence is not None and heard.confidence < _NOISE_CONFIDENCE
    return unsure and len(found) <= _NOISE_WORDS


def _confirmed(said: frozenset[str]) -> Intent | None:
    yes = bool(said & {"yes", "end"})
    no = bool(said & {"no", "continue"})
    if yes != no:
        return "yes" if yes else "no"
    return "unclear" if yes or not said else None


def _in_passing(heard: Heard, context: Context) -> Understood | None:
    """Courtesies and fillers alone: before the exam they are an answer, in a pause the sign to go
    on, and else somebody who thinks."""
    if context.phase == "paused":
        return Understood("continue")
    if context.question is None:
        return None
    return _yes_or_no_answer(heard, context) or Understood("think")


def _yes_or_no_answer(heard: Heard, context: Context) -> Understood | None:
    """A bare yes or no answers a question or a probe that wants one."""
    interjection = grammar(context.language).parse(heard.text, confirming=True) or frozenset()
    return Understood("answer") if interjection & {"yes", "no"} else None


def _answer(heard: Heard, context: Context) -> Understood:
    question = context.question
    if question is None:
        return Understood("answer")
    doubtful = _asks_for_something(heard, context)
    if isinstance(question, ChoiceQuestion):
        choice = _choice(heard, question, context)
        doubtful = doubtful or (not choice.clear and len(choice.indexes) != 1)
        return Understood("answer", choice=choice.indexes, doubtful=doubtful)
    if not isinstance(question, OpenQuestion):
        return Understood("answer", doubtful=doubtful)
    # The sentence mark keeps a negation from reaching into the next turn.
    whole = f"{context.answer_so_far}. {heard.text}" if context.answer_so_far else heard.text
    reached = coverage(question, whole, language_data(context.language))
    return Understood("answer", covered=reached.covered, doubtful=doubtful or reached.doubtful)


def _choice(heard: Heard, question: ChoiceQuestion, context: Context) -> Choice:
    return choose(question, heard.text, language_data(context.language))


def _asks_for_something(heard: Heard, context: Context) -> bool:
    """Whether an answer ends in a command or a question, which a model might have understood."""
    sentences = [part for part in re.split(r"(?<=[.?!])\s+", heard.text.strip()) if part]
    if sentences[-1].endswith("?"):
        return True
    if len(sentences) < 2:
        return False
    last = grammar(context.language).parse(sentences[-1])
    return last is not None and bool(last - _CLOSING)

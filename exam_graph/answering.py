"""A turn read as an answer: what it covers, chooses and names, and what else it holds."""

import re

from exam_graph.choosing import choose
from exam_graph.commands import grammar
from exam_graph.coverage import coverage
from exam_graph.language import LanguageData, language_data
from exam_graph.noticing import notices
from exam_graph.paper import ChoiceQuestion, OpenQuestion, ShortQuestion
from exam_graph.understanding import Context, Understood
from exam_graph.unfinished import is_unfinished
from exam_graph.value import value_in

# Commands that may follow an answer as its end, without asking for anything else.
CLOSING = frozenset({"done", "continue", "move_on", "think", "unsure", "already_said"})


def answered(text: str, context: Context) -> Understood:
    """The turn as an answer to the open question, whatever it reads like."""
    question = context.question
    if question is None:
        return Understood("answer")
    data = language_data(context.language)
    choice = choose(question, text, data) if isinstance(question, ChoiceQuestion) else None
    doubtful = _asks_for_something(text, context)
    # The sentence mark keeps a negation from reaching into the next turn.
    whole = f"{context.answer_so_far}. {text}" if context.answer_so_far else text
    covered: tuple[str, ...] = ()
    if choice:
        doubtful = doubtful or (not choice.clear and len(choice.indexes) != 1)
    elif isinstance(question, OpenQuestion):
        reached = coverage(question, whole, data)
        covered, doubtful = reached.covered, doubtful or reached.doubtful
    return Understood(
        "answer",
        covered=covered,
        choice=choice.indexes if choice else (),
        doubtful=doubtful,
        value=_value(text, context, data),
        unfinished=not (choice and choice.indexes) and is_unfinished(text, data),
        notices=notices(text, question, data),
    )


def _value(text: str, context: Context, data: LanguageData) -> float | None:
    question, before = context.question, context.answer_so_far
    if not isinstance(question, ShortQuestion) or isinstance(question.value, str):
        return None
    if before and is_unfinished(before, data):
        # "Two point …" "five."
        return value_in(f"{before.rstrip('. …,-–—')} {text}", question.unit, data)
    value = value_in(text, question.unit, data)
    return value if value is not None or not before else value_in(before, question.unit, data)


def _asks_for_something(text: str, context: Context) -> bool:
    """Whether an answer ends in a command or a question, which a model might have understood."""
    sentences = [part for part in re.split(r"(?<=[.?!])\s+", text.strip()) if part]
    if sentences[-1].endswith("?"):
        return True
    if len(sentences) < 2:
        return False
    last = grammar(context.language).parse(sentences[-1])
    return last is not None and bool(last - CLOSING)

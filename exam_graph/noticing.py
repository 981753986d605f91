"""What else an answer holds: steering, insults, distress, another language."""

from functools import cache, lru_cache

from exam_graph.commands import grammar
from exam_graph.coverage import content_stems
from exam_graph.foreign import is_foreign
from exam_graph.language import LanguageData, language_data
from exam_graph.paper import ChoiceQuestion, Question
from exam_graph.patterns import Automaton
from exam_graph.understanding import NOTICES, Notice
from exam_graph.words import words

# Commands that might be the answer to a question about the same.
_MAY_BE_ANSWERS = frozenset(
    {"sound_problem", "argue", "distress", "off_topic", "take_break", "pause", "rude", "identity"}
)
_SHORT = 3


def notices(text: str, question: Question | None, data: LanguageData) -> tuple[Notice, ...]:
    """What is noticed in an answer, in the order of `NOTICES`."""
    found = _patterns(data.name).within(grammar(data.name).said(text))
    if question is not None and is_foreign(text, known_words(question), data):
        found.add("other_language")
    return tuple(notice for notice in NOTICES if notice in found)


def answers_after_all(
    text: str, commands: frozenset[str], question: Question, data: LanguageData
) -> bool:
    """Whether an utterance of commands says what the question is about.

    "I have a migraine" is no complaint where the question is about one, and "repeat it" no
    request where the key says so.
    """
    found = words(text)
    if not data.examiner.isdisjoint(found):
        return False
    said = frozenset(content_stems(text, data)) - data.negations
    asked, keys = _stems(question, data.name)
    if not said or not said <= asked | keys:
        return False
    return bool(commands & _MAY_BE_ANSWERS) or (len(found) <= _SHORT and not said <= asked)


@lru_cache(maxsize=512)
def _stems(question: Question, language: str) -> tuple[frozenset[str], frozenset[str]]:
    """Stems of what a question asks, and of what answers it."""
    data = language_data(language)
    asked = frozenset(content_stems(question.ask, data))
    keys = frozenset(stem for text in _keys(question) for stem in content_stems(text, data))
    return asked, keys


@lru_cache(maxsize=512)
def known_words(question: Question) -> frozenset[str]:
    """Every word of a question and its key."""
    texts = (question.ask, question.model_answer or "", *_keys(question))
    return frozenset(word for text in texts for word in words(text))


def _keys(question: Question) -> list[str]:
    if isinstance(question, ChoiceQuestion):
        return [option.text for option in question.options]
    value = getattr(question, "value", None)
    return [point.looks_for for point in question.points] + (
        [value] if isinstance(value, str) else []
    )


@cache
def _patterns(language: str) -> Automaton:
    data = language_data(language)
    return Automaton(data.notices, data)

"""The mark of a choice or short answer, from the value that was read during the exam."""

import math
from typing import Any

from exam_graph.complete import TOLERANCE
from exam_graph.coverage import content_stems, heard_stems
from exam_graph.language import language_data
from exam_graph.paper import LETTERS, ChoiceQuestion, ShortQuestion
from grading.quotes import find_quote

Point = dict[str, Any]


def exact_mark(
    question: ChoiceQuestion | ShortQuestion, text: str, value: str | None, language: str = "en"
) -> Point | None:
    """All the marks or none, as the one point "answer"; None if a person has to look.

    None: there are words, but no value could be read from them, or they deny it. No words at all
    are worth 0.
    value: as the record has it: "B", "A,C", "2.5 m/s"
    """
    value = (value or "").strip()
    if not value:
        return None if text.strip() else _point(question, 0.0, "There is no answer.", [])
    right = _is_right(question, value)
    if right is None or (right and _denied(question, text, language)):
        return None
    given = f"The answer given is {value}"
    reason = f"{given}, as expected." if right else f"{given}, which is not the expected one."
    named = _named(question, value)
    found = [quote for words in named if (quote := find_quote(words, [(0, text)], language))]
    return _point(
        question, question.marks if right else 0.0, reason, [quote.text for quote in found]
    )


def _named(question: ChoiceQuestion | ShortQuestion, value: str) -> list[str]:
    """How the value may stand in the answer. A letter alone could be any article."""
    if isinstance(question, ShortQuestion):
        return [value]
    indexes = [LETTERS.index(part.strip().upper()) for part in value.split(",")]
    return [question.options[index].text for index in indexes]


def _denied(question: ChoiceQuestion | ShortQuestion, text: str, language: str) -> bool:
    """Whether the expected word was only said to be wrong: "not mitosis"."""
    if isinstance(question, ChoiceQuestion) or not isinstance(question.value, str):
        return False
    data = language_data(language)
    denied = heard_stems(text, data).denied
    return any(stem in denied for stem in content_stems(question.value, data))


def _is_right(question: ChoiceQuestion | ShortQuestion, value: str) -> bool | None:
    """None: the value is none of this question."""
    if isinstance(question, ChoiceQuestion):
        letters = {part.strip().upper() for part in value.split(",")}
        if not letters <= set(LETTERS[: len(question.options)]):
            return None
        return letters == {LETTERS[index] for index in question.correct_indexes}
    if isinstance(question.value, str):
        return _plain(value) == _plain(question.value)
    try:
        named = float(value.split()[0])
    except ValueError:
        return None
    if not math.isfinite(named):
        return None
    tolerance = (question.tolerance or 0) + TOLERANCE
    return math.isclose(named, question.value, rel_tol=TOLERANCE, abs_tol=tolerance)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _point(
    question: ChoiceQuestion | ShortQuestion, marks: float, reason: str, quotes: list[str]
) -> Point:
    return {
        "id": "answer",
        "marks": marks,
        "out_of": question.marks,
        "quotes": quotes,
        "reason": reason,
    }

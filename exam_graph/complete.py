"""Whether an answer holds all that was asked for, as far as code can tell. For learn mode only:
marks are given after the exam, from the whole transcript."""

import math

from exam_graph.paper import LETTERS, ChoiceQuestion, OpenQuestion, Question
from exam_graph.state import Answer

TOLERANCE = 1e-9
"""Relative, where a paper gives none."""


def complete(question: Question, answer: Answer) -> bool:
    """Nothing is missing."""
    return not missing(question, answer)


def reached(question: Question, answer: Answer) -> list[str]:
    """The author's words for what the answer has right, in the paper's order."""
    if isinstance(question, OpenQuestion):
        return [point.looks_for for point in question.points if point.id in answer["covered"]]
    return [solution(question)] if _is_right(question, answer["value"]) else []


def missing(question: Question, answer: Answer) -> list[str]:
    """The author's words for what the answer lacks, in the paper's order."""
    if isinstance(question, OpenQuestion):
        return [point.looks_for for point in question.points if point.id not in answer["covered"]]
    return [] if _is_right(question, answer["value"]) else [solution(question)]


def solution(question: Question) -> str:
    """What answers a choice or short question, in the author's words."""
    if isinstance(question, ChoiceQuestion):
        return ", ".join(question.options[index].text for index in question.correct_indexes)
    assert not isinstance(question, OpenQuestion)
    if isinstance(question.value, str):
        return question.value
    return f"{question.value:g} {question.unit}" if question.unit else f"{question.value:g}"


def _is_right(question: Question, value: str | None) -> bool:
    if value is None:
        return False
    if isinstance(question, ChoiceQuestion):
        return value == ",".join(LETTERS[index] for index in question.correct_indexes)
    assert not isinstance(question, OpenQuestion)
    if isinstance(question.value, str):
        return value == question.value
    named = float(value.split()[0])
    return math.isclose(
        named, question.value, rel_tol=TOLERANCE, abs_tol=(question.tolerance or 0) + TOLERANCE
    )

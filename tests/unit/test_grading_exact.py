"""Choice and short answers: the value decides, and without one a person does."""

from typing import Any

import pytest

from exam_graph.paper import ChoiceQuestion, Option, ShortQuestion
from grading.exact import exact_mark

pytestmark = pytest.mark.unit

CHOICE = ChoiceQuestion(
    id="organ",
    ask="Which have two membranes?",
    marks=2,
    kind="choice",
    options=tuple(Option(text=text) for text in ("nucleus", "ribosome", "mitochondrion")),
    correct=("A", "C"),
)
NUMBER = ShortQuestion(
    id="g", ask="How fast?", marks=3, kind="short", value=2.5, tolerance=0.1, unit="m/s"
)
WORD = ShortQuestion(id="w", ask="What is it called?", marks=1, kind="short", value="meiosis")


@pytest.mark.parametrize(
    ("question", "value", "marks"),
    [
        (CHOICE, "A,C", 2.0),
        (CHOICE, "c, a", 2.0),
        (CHOICE, "A", 0.0),
        (CHOICE, "A,B,C", 0.0),
        (NUMBER, "2.5 m/s", 3.0),
        (NUMBER, "2.6 m/s", 3.0),
        (NUMBER, "2.61 m/s", 0.0),
        (NUMBER, "-2.5", 0.0),
        (WORD, "meiosis", 1.0),
    ],
)
def test_all_the_marks_or_none(question: Any, value: str, marks: float) -> None:
    point = exact_mark(question, "It is that.", value)

    assert point is not None
    assert (point["id"], point["marks"], point["out_of"]) == ("answer", marks, question.marks)


@pytest.mark.parametrize("value", [None, "", "Z", "about two", "nan m/s"])
@pytest.mark.parametrize("question", [CHOICE, NUMBER])
def test_words_that_come_to_nothing_are_for_a_person(question: Any, value: str | None) -> None:
    assert exact_mark(question, "Well, whatever.", value) is None


def test_a_word_that_was_only_denied_is_for_a_person() -> None:
    assert exact_mark(WORD, "It is not meiosis.", "meiosis") is None
    assert exact_mark(WORD, "Not mitosis but meiosis.", "meiosis") is not None


def test_no_words_are_no_marks() -> None:
    point = exact_mark(NUMBER, " ", None)

    assert point is not None
    assert point["marks"] == 0


def test_the_words_of_the_value_are_quoted_as_they_were_said() -> None:
    point = exact_mark(CHOICE, "The Nucleus, and the mitochondrion.", "A,C")

    assert point is not None
    assert point["quotes"] == ["Nucleus", "mitochondrion"]

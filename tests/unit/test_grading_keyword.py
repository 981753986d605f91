"""Marks by keywords: provisional, in range, with words of the answer for each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exam_graph.paper import ChoiceQuestion, OpenQuestion, Option, Point
from grading.keyword import keyword_marks
from grading.quotes import find_quote

pytestmark = pytest.mark.unit

QUESTION = OpenQuestion(
    id="mito",
    ask="What do mitochondria do?",
    marks=4,
    kind="open",
    points=(
        Point(id="atp", marks=2, looks_for="produces ATP"),
        Point(id="respiration", marks=2, looks_for="by cellular respiration with oxygen"),
    ),
)
GERMAN = OpenQuestion(
    id="mito",
    ask="Was tun Mitochondrien?",
    marks=2,
    kind="open",
    points=(Point(id="atp", marks=2, looks_for="erzeugen ATP"),),
)


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("They generate ATP by cellular respiration, which needs oxygen.", [2, 2]),
        ("They make a t p.", [2, 0]),
        ("It is about oxygen.", [0, 1]),
        ("They are green.", [0, 0]),
        ("They do not produce ATP.", [0, 0]),
        ("", [0, 0]),
    ],
)
def test_full_half_or_nothing(text: str, marks: list[float]) -> None:
    assert [point["marks"] for point in keyword_marks(QUESTION, text, None, "en")] == marks


def test_the_shortest_words_are_quoted() -> None:
    text = "Well, I think in a cell they, um, produce the ATP that it needs, so to say."

    [atp, respiration] = keyword_marks(QUESTION, text, None, "en")

    assert atp["quotes"] == ["produce the ATP"]
    assert respiration["quotes"] == []


def test_no_quote_goes_beyond_a_turn() -> None:
    [atp, _] = keyword_marks(QUESTION, "They produce something.\nIt is ATP.", None, "en")

    assert atp["marks"] == 2
    assert sorted(atp["quotes"]) == ["ATP", "produce"]


def test_german() -> None:
    [atp] = keyword_marks(GERMAN, "Sie stellen Energie bereit und bilden ATP.", None, "de")

    assert (atp["marks"], atp["quotes"]) == (2, ["bilden ATP"])


def test_a_choice_is_marked_by_its_value() -> None:
    choice = ChoiceQuestion(
        id="c",
        ask="Which?",
        marks=1,
        kind="choice",
        options=(Option(text="this"), Option(text="that")),
        correct=("B",),
    )

    assert keyword_marks(choice, "I'd say B", "B", "en")[0]["marks"] == 1
    assert keyword_marks(choice, "I would not know", None, "en") == []


_WORDS = ["ATP", "produce", "cellular", "respiration", "oxygen", "not", "a", "t", "p", "um", "\n"]


@given(st.lists(st.sampled_from(_WORDS), max_size=20).map(" ".join))
def test_marks_are_in_range_and_quotes_in_the_answer(text: str) -> None:
    said = list(enumerate(text.splitlines()))

    for point in keyword_marks(QUESTION, text, None, "en"):
        assert 0 <= point["marks"] <= point["out_of"]
        assert bool(point["quotes"]) == (point["marks"] > 0)
        assert all(find_quote(quote, said) for quote in point["quotes"])

"""The paper model: what it takes, what it refuses, and that it survives the record."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from exam_graph.paper import ChoiceQuestion, OpenQuestion, Paper, ShortQuestion

pytestmark = pytest.mark.unit


def open_question(**changes: Any) -> dict[str, Any]:
    point = {"id": "atp", "marks": 2, "looks_for": "produces ATP"}
    return {
        "id": "energy",
        "kind": "open",
        "ask": "Why?",
        "marks": 2,
        "points": [point],
        **changes,
    }


def choice_question(**changes: Any) -> dict[str, Any]:
    return {
        "id": "pick",
        "kind": "choice",
        "ask": "Which?",
        "marks": 1,
        "options": ["TCP", "UDP"],
        "correct": "A",
        **changes,
    }


def short_question(**changes: Any) -> dict[str, Any]:
    return {"id": "fall", "kind": "short", "ask": "How far?", "marks": 1, "value": 20, **changes}


def paper(*questions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": "sample",
        "title": "A sample",
        "duration_minutes": 5,
        "questions": list(questions) or [open_question()],
        **changes,
    }


def codes(content: dict[str, Any]) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Paper.model_validate(content)
    found = [error["type"] for error in caught.value.errors()]
    # pydantic adds that a list with an invalid element is too short.
    return [each for each in found if each != "too_short"] or found[:1]


def test_a_paper_survives_json() -> None:
    option = {"text": "ARP", "say": "A R P"}
    first = Paper.from_dict(
        paper(
            open_question(follow_ups=1, hints=["Think."], think_seconds=30),
            choice_question(options=["TCP", option, "IP"], correct=["c", "A"]),
            short_question(tolerance=0.5, unit="m"),
            short_question(id="word", value="3x²"),
            select={"count": 2},
            keyterms=["ATP"],
        )
    )
    kept = json.loads(json.dumps(first.to_dict()))
    assert Paper.from_dict(kept) == first
    assert Paper.from_dict(kept).content_hash == first.content_hash


def test_the_hash_follows_the_content() -> None:
    one = Paper.from_dict(paper())
    other = Paper.from_dict(paper(open_question(ask="Why not?")))
    assert one.content_hash != other.content_hash


def test_kinds_become_their_models() -> None:
    questions = Paper.from_dict(
        paper(open_question(), choice_question(), short_question())
    ).questions
    assert [type(each) for each in questions] == [OpenQuestion, ChoiceQuestion, ShortQuestion]


def test_the_voice_says_say_or_else_ask_to_the_letter() -> None:
    spoken = Paper.from_dict(
        paper(open_question(), short_question(ask="x²?", say="x squared?"))
    ).questions
    assert [each.spoken for each in spoken] == ["Why?", "x squared?"]


def test_line_breaks_of_the_file_are_no_part_of_the_question() -> None:
    loaded = Paper.from_dict(paper(open_question(ask="How does\n  it work?\n")))
    assert loaded.questions[0].ask == "How does it work?"


def test_correct_letters_become_indexes_in_the_papers_order() -> None:
    loaded = Paper.from_dict(paper(choice_question(options=["a", "b", "c"], correct=["c", "A"])))
    question = loaded.questions[0]
    assert isinstance(question, ChoiceQuestion)
    assert question.correct_indexes == (0, 2)


def test_a_question_is_found_by_its_id() -> None:
    loaded = Paper.from_dict(paper())
    assert loaded.question("energy").ask == "Why?"
    with pytest.raises(KeyError):
        loaded.question("entropy")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (paper(open_question(marks=3)), "marks_sum"),
        (paper(open_question(points=[])), "too_short"),
        (paper(open_question(), open_question()), "duplicate_id"),
        (paper(open_question(ask="  ")), "string_too_short"),
        (paper(open_question(ask="bell \x07")), "control_character"),
        (paper(open_question(ask="half \ud800 a pair")), "string_unicode"),
        (paper(open_question(colour="red")), "extra_forbidden"),
        (paper(open_question(marks="2")), "float_type"),
        (paper(open_question(marks=True)), "float_type"),
        (paper(open_question(id="../x")), "string_pattern_mismatch"),
        (paper(choice_question(correct="C")), "correct_out_of_range"),
        (paper(choice_question(correct=["A", "a"])), "duplicate_letter"),
        (paper(choice_question(correct=[])), "too_short"),
        (paper(choice_question(options=["TCP", "tcp"])), "duplicate_option"),
        (
            paper(choice_question(points=[{"id": "a", "marks": 1, "looks_for": "x"}])),
            "no_points_here",
        ),
        (paper(choice_question(follow_ups=1)), "no_follow_ups_here"),
        (paper(short_question(value="red", unit="m")), "value_not_a_number"),
        (paper(short_question(value=True)), "float_type"),
        (paper(short_question(value=float("nan"))), "finite_number"),
        (paper(select={"count": 2}), "select_too_many"),
        (paper(select={"count": 0}), "greater_than_equal"),
        (paper(language="fr"), "literal_error"),
        (paper(duration_minutes=0), "greater_than"),
        (paper(id="Upper"), "string_pattern_mismatch"),
    ],
)
def test_what_is_refused(content: dict[str, Any], code: str) -> None:
    assert codes(content) == [code]


def test_a_paper_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Paper.from_dict(paper()).title = "Another"

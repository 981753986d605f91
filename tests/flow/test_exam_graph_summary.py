"""Learn mode's look back: what was right, what was missing, in the author's words; no marks."""

import json
from typing import Any

import pytest

from exam_graph.events import Started
from exam_graph.graph import ExamGraph
from exam_graph.paper import Paper
from exam_graph.summary import SPOKEN_QUESTIONS, summary
from tests.flow.conftest import Dialogue, kinds, texts
from worker.protocol import encode_summary

pytestmark = pytest.mark.flow


def _question(number: int) -> dict[str, Any]:
    return {
        "id": f"q{number}",
        "kind": "open",
        "ask": f"What happens in step {number}?",
        "marks": 2,
        "points": [
            {"id": f"sun{number}", "marks": 1, "looks_for": f"light falls on leaf {number}"},
            {"id": f"sugar{number}", "marks": 1, "looks_for": f"leaf {number} makes sugar"},
        ],
        "model_answer": f"In step {number} a leaf makes sugar of light.",
    }


def _practice(graph: ExamGraph, count: int, **changes: Any) -> Dialogue:
    content = {
        "id": "leaves",
        "title": "Leaves",
        "mode": "learn",
        "duration_minutes": 10,
        "questions": [_question(number) for number in range(1, count + 1)],
    }
    return Dialogue(Paper.from_dict(content | changes), graph)


async def _begin(dialogue: Dialogue) -> None:
    await dialogue.tell(Started())
    await dialogue.says("I see a window.")
    await dialogue.says("Bread and tea.")


async def _end(dialogue: Dialogue) -> list[str]:
    await dialogue.press("end")
    return texts(await dialogue.says("Yes."))


async def test_it_is_spoken_before_the_goodbye(graph: ExamGraph) -> None:
    dialogue = _practice(graph, 2)
    await _begin(dialogue)
    await dialogue.says("sun1 and sugar1")
    await dialogue.says("sun2")
    await dialogue.press("end")
    said = await dialogue.says("Yes.")
    assert kinds(said) == [*["feedback"] * 4, "closing"]
    _, whole, right, lacking, _ = texts(said)
    assert "one question" in whole
    assert "light falls on leaf 2" in right
    assert "leaf 2 makes sugar" in lacking
    assert "leaf 1" not in " ".join(texts(said))


async def test_nothing_is_told_of_questions_that_were_not_reached(graph: ExamGraph) -> None:
    dialogue = _practice(graph, 3)
    await _begin(dialogue)
    assert len(await _end(dialogue)) == 1
    dialogue = _practice(graph, 3)
    await _begin(dialogue)
    await dialogue.says("sun1 and sugar1")
    said = " ".join(await _end(dialogue))
    assert "one question" in said
    assert "leaf 2" not in said


async def test_aloud_it_stays_short_and_points_to_the_page(graph: ExamGraph) -> None:
    count = SPOKEN_QUESTIONS + 2
    dialogue = _practice(graph, count + 1)
    await _begin(dialogue)
    for number in range(1, count + 1):
        await dialogue.says(f"sun{number}")
    said = await _end(dialogue)
    assert sum("makes sugar" in text for text in said) == SPOKEN_QUESTIONS
    assert any("screen" in text for text in said)
    summed = summary(
        dialogue.paper,
        dialogue.state["order"],
        dialogue.state["statuses"],
        dialogue.state["answers"],
    )
    assert len(summed) == count


async def test_the_page_gets_the_authors_words(graph: ExamGraph) -> None:
    dialogue = _practice(graph, 1)
    await _begin(dialogue)
    await dialogue.says("sun1")
    await _end(dialogue)
    state = dialogue.state
    told = encode_summary(
        summary(dialogue.paper, state["order"], state["statuses"], state["answers"])
    )
    assert json.loads(told) == {
        "questions": [
            {
                "number": 1,
                "ask": "What happens in step 1?",
                "status": "answered",
                "right": ["light falls on leaf 1"],
                "lacking": ["leaf 1 makes sugar"],
                "explanation": "In step 1 a leaf makes sugar of light.",
            }
        ]
    }


async def test_an_exam_says_nothing_of_the_kind(graph: ExamGraph) -> None:
    dialogue = _practice(graph, 2, mode="exam")
    await _begin(dialogue)
    await dialogue.says("sun1")
    await dialogue.press("end")
    assert kinds(await dialogue.says("Yes.")) == ["closing"]


async def test_in_german(graph: ExamGraph) -> None:
    dialogue = _practice(graph, 1, language="de")
    await _begin(dialogue)
    said = texts(await dialogue.says("sun1 and sugar1"))
    assert "Vollständig beantwortet haben Sie eine Frage." in said

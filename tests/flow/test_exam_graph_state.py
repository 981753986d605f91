"""What is kept between turns: plain, small, and without a word of the student's."""

import json
from typing import Any

import pytest

from exam_graph.events import Returned, Started
from exam_graph.graph import ExamGraph
from exam_graph.paper import Paper
from exam_graph.rules import RulesUnderstanding
from exam_graph.selection import draw
from tests.flow.conftest import CELLS, Dialogue, kinds, texts

pytestmark = pytest.mark.flow

STUDENTS_WORD = "xylophone"


def _long_paper(count: int) -> Paper:
    """Questions alike, so that only the length of the dialogue differs."""
    question = CELLS["questions"][0]
    questions = [
        question | {"id": f"question-{number:02}", "ask": f"What is number {number:02}?"}
        for number in range(count)
    ]
    return Paper.from_dict(CELLS | {"questions": questions})


def _size(dialogue: Dialogue) -> int:
    return len(json.dumps(dialogue.state))


async def _begin(dialogue: Dialogue) -> None:
    await dialogue.tell(Started())
    for _ in range(2):
        await dialogue.says(f"A {STUDENTS_WORD}.")


async def test_the_state_does_not_grow_from_question_to_question(graph: ExamGraph) -> None:
    dialogue = Dialogue(_long_paper(41), graph)
    await _begin(dialogue)
    sizes = {}
    for number in range(1, 41):
        await dialogue.says(f"A {STUDENTS_WORD} at first.")
        await dialogue.says(f"A {STUDENTS_WORD}, an atp and a respiration.")
        sizes[number] = _size(dialogue)
    # There is a place for each question's answer from the start; points and a status fill it.
    assert 0 < sizes[40] - sizes[2] < 38 * 40


async def test_the_state_does_not_grow_within_a_question(dialogue: Dialogue) -> None:
    await _begin(dialogue)
    wishes = ("Could you repeat that?", "How much time is left?", "Mumble.", "Let me think.")
    for words in wishes:
        await dialogue.says(words)
    sizes = []
    for _ in range(10):
        for words in (*wishes, "Who won the match?", "What do you mean by that?"):
            await dialogue.says(words)
        await dialogue.tell(Returned(draft=STUDENTS_WORD * 50))
        sizes.append(_size(dialogue))
    # The last words of the examiner are in it, and their wordings differ in length.
    assert max(sizes[1:]) - min(sizes[1:]) < 150


async def test_no_word_of_the_students_is_in_it(dialogue: Dialogue) -> None:
    await _begin(dialogue)
    for words in (f"A {STUDENTS_WORD}.", f"It makes atp, {STUDENTS_WORD}.", "Go on."):
        await dialogue.says(words)
        assert STUDENTS_WORD not in json.dumps(dialogue.state)
    await dialogue.tell(Returned(draft=STUDENTS_WORD))
    assert STUDENTS_WORD not in json.dumps(dialogue.state)


async def test_it_is_plain_json(dialogue: Dialogue) -> None:
    await _begin(dialogue)
    await dialogue.says("It makes atp.")
    assert json.loads(json.dumps(dialogue.state)) == dialogue.state


async def test_a_turn_leaves_the_state_it_was_given_as_it_was(dialogue: Dialogue) -> None:
    await _begin(dialogue)
    before = dialogue.state
    snapshot = json.dumps(before)
    await dialogue.says("It makes atp by respiration.")
    assert json.dumps(before) == snapshot
    assert dialogue.state != before


async def test_a_drawn_paper_is_asked_in_the_order_of_its_seed(graph: ExamGraph) -> None:
    drawn: dict[str, Any] = CELLS | {"select": {"count": 3}}
    dialogue = Dialogue(Paper.from_dict(drawn), graph, seed=7)
    await _begin(dialogue)
    asked = [dialogue.state["order"][0]]
    while dialogue.state["phase"] != "finished":
        said = await dialogue.press("skip")
        asked += [str(each.question_id) for each in said if each.kind == "question"]
        if kinds(said)[-1] == "confirmation":
            await dialogue.says("No.")
    assert asked == draw(Paper.from_dict(drawn), 7)
    assert len(asked) == 3


async def test_a_whole_exam_understood_by_rules(graph: ExamGraph) -> None:
    dialogue = Dialogue(Paper.from_dict(CELLS), graph, understanding=RulesUnderstanding())
    await dialogue.tell(Started())
    await dialogue.says("I can see a window and a desk.")
    await dialogue.says("I had bread and tea.")
    said = await dialogue.says("Could you repeat the question, please?")
    assert texts(said) == ["How does a mitochondrion serve the cell?"]
    said = await dialogue.says("It produces ATP.")
    assert texts(said)[-1] == "By what process?"
    await dialogue.says("By cellular respiration.")
    assert dialogue.record["answers"][0]["covered"] == ["atp", "respiration"]
    await dialogue.says("Option B.")
    await dialogue.says("I don't know.")
    assert dialogue.state["position"] == 3
    await dialogue.says("End the exam, please.")
    said = await dialogue.says("No, go on.")
    assert texts(said)[-1] == "What does a membrane let through?"
    while dialogue.state["phase"] != "finished":
        await dialogue.says("Water and gases, but no ions.")
    assert dialogue.state["statuses"] == {
        "mitochondria": "answered",
        "charge": "answered",
        "square": "dont_know",
        "membrane": "answered",
    }

"""The clock in the exam: warnings once each, and the end."""

import pytest

from exam_graph.events import NotHeard, Returned, Started, TimePassed
from exam_graph.graph import ExamGraph
from exam_graph.paper import Paper
from tests.flow.conftest import CELLS, MINUTE, Dialogue, kinds, texts

pytestmark = pytest.mark.flow

FIRST = "How does a mitochondrion serve the cell?"


@pytest.fixture
async def examined(dialogue: Dialogue) -> Dialogue:
    """At the first of four questions, with 12 minutes to go."""
    await dialogue.tell(Started())
    await dialogue.says("I see a window.")
    await dialogue.says("Bread and tea.")
    return dialogue


def _left(dialogue: Dialogue, ms: int) -> None:
    dialogue.used_ms = 12 * MINUTE - ms


@pytest.mark.parametrize(("mark", "words"), [(5, "5 minutes"), (2, "2 minutes"), (1, "one minute")])
async def test_warns_at_each_mark_once(examined: Dialogue, mark: int, words: str) -> None:
    examined.state["warned"] = [each for each in (5, 2, 1) if each > mark]
    _left(examined, mark * MINUTE)
    said = await examined.tell(TimePassed(mark=mark))
    assert kinds(said) == ["warning"]
    assert words in said[0].text
    assert await examined.tell(TimePassed(mark=mark)) == []


async def test_a_warning_rides_on_a_reply(examined: Dialogue) -> None:
    _left(examined, 5 * MINUTE)
    said = await examined.says("It makes atp by respiration.")
    assert kinds(said) == ["warning", "acknowledgement", "count", "question", "options"]
    assert await examined.tell(TimePassed(mark=5)) == []


async def test_two_marks_passed_in_one_answer_are_one_warning(examined: Dialogue) -> None:
    _left(examined, 2 * MINUTE - 1)
    said = await examined.says("It makes atp by respiration.")
    assert kinds(said).count("warning") == 1
    assert examined.state["warned"] == [5, 2]


async def test_no_warning_is_spent_where_nobody_hears_it(examined: Dialogue) -> None:
    _left(examined, 5 * MINUTE)
    assert await examined.tell(NotHeard(utterance="2.3", heard_ms=0)) == []
    assert kinds(await examined.tell(TimePassed(mark=5))) == ["warning"]


async def test_a_short_exam_has_no_marks_it_never_had(graph: ExamGraph) -> None:
    dialogue = Dialogue(Paper.from_dict({**CELLS, "duration_minutes": 2}), graph)
    await dialogue.tell(Started())
    await dialogue.says("I see a window.")
    said = await dialogue.says("Bread.")
    assert "warning" not in kinds(said)
    dialogue.used_ms = MINUTE
    assert kinds(await dialogue.tell(TimePassed(mark=1))) == ["warning"]


async def test_no_warning_before_the_first_question_or_in_a_pause(examined: Dialogue) -> None:
    await examined.press("pause")
    _left(examined, 4 * MINUTE)
    assert await examined.tell(TimePassed(mark=5)) == []
    assert kinds(await examined.press("pause")) == ["acknowledgement", "question"]
    assert kinds(await examined.tell(TimePassed(mark=5))) == ["warning"]


async def test_the_end_of_time_closes_the_exam(examined: Dialogue) -> None:
    await examined.says("It is about respiration.")
    _left(examined, 0)
    said = await examined.tell(TimePassed(mark=0))
    assert kinds(said) == ["closing"]
    assert said[0].text.startswith("The time is up.")
    statuses = examined.state["statuses"]
    assert statuses == {
        "mitochondria": "answered",
        "charge": "unanswered",
        "square": "unanswered",
        "membrane": "unanswered",
    }


async def test_an_answer_that_ends_after_the_time_is_kept_and_closes(examined: Dialogue) -> None:
    _left(examined, 0)
    said = await examined.says("It makes atp.")
    assert kinds(said) == ["closing"]
    assert said[0].text.startswith("The time is up.")
    assert examined.record["answers_question"]
    first = examined.record["answers"][0]
    assert (first["status"], first["covered"]) == ("answered", ["atp"])


@pytest.mark.parametrize(
    "words", ["Could you repeat that?", "Let me think.", "Let us skip this one.", "Mumble."]
)
async def test_no_wish_is_met_after_the_time(examined: Dialogue, words: str) -> None:
    _left(examined, 0)
    assert kinds(await examined.says(words)) == ["closing"]


async def test_a_button_after_the_time_closes(examined: Dialogue) -> None:
    _left(examined, 0)
    assert kinds(await examined.press("repeat")) == ["closing"]


@pytest.mark.parametrize("words", ["No.", "Yes.", "Mumble."])
async def test_the_time_ends_a_confirmation_too(examined: Dialogue, words: str) -> None:
    await examined.press("end")
    _left(examined, 0)
    assert kinds(await examined.says(words)) == ["closing"]


async def test_a_return_after_the_time_keeps_the_draft_and_closes(examined: Dialogue) -> None:
    _left(examined, 0)
    said = await examined.tell(Returned(draft="It makes atp"))
    assert kinds(said) == ["closing"]
    assert examined.record["answers_question"]
    assert examined.state["statuses"]["mitochondria"] == "answered"


async def test_the_last_question_closes_without_an_acknowledgement(examined: Dialogue) -> None:
    for _ in range(3):
        await examined.says("I do not know.")
    said = await examined.says("Only water, gases and no ions.")
    assert texts(said) == [
        "That was the last question. Thank you, your answers are recorded. "
        "The exam is over. Goodbye."
    ]
    assert examined.record["answers_question"]

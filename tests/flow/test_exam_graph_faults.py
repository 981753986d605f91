"""What the exam makes of a recogniser or a voice that fails: nothing is lost, and it is flagged."""

import pytest

from exam_graph.clock import WARNING_MARKS
from exam_graph.events import (
    Failed,
    Fault,
    Silence,
    SoundBack,
    SoundCause,
    SoundLost,
    Started,
    StudentSpoke,
)
from exam_graph.state import clock_runs
from tests.flow.conftest import MINUTE, Dialogue, kinds, texts

pytestmark = pytest.mark.flow

FIRST = "How does a mitochondrion serve the cell?"
SECOND = "Which particle carries a negative charge?"


async def _to_first_question(dialogue: Dialogue) -> None:
    await dialogue.tell(Started())
    await dialogue.says("I see a window.")
    await dialogue.says("Bread and tea.")


def _flags(dialogue: Dialogue) -> list[str]:
    return dialogue.state["answers"]["mitochondria"]["flags"]


async def test_who_was_not_heard_to_the_end_is_asked_to_finish_the_answer(
    dialogue: Dialogue,
) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.tell(StudentSpoke(text="It makes atp", fault="broken_off"))
    assert kinds(said) == ["technical"]
    assert "finish your answer" in said[0].text
    assert dialogue.record["answers_question"]
    assert "recogniser_failed" in dialogue.record["flags"]
    assert _flags(dialogue) == ["recogniser_failed"]
    assert clock_runs(dialogue.state)
    said = await dialogue.says("by respiration.")
    assert SECOND in texts(said)
    assert dialogue.state["answers"]["mitochondria"]["covered"] == ["atp", "respiration"]


@pytest.mark.parametrize("fault", ["broken_off", "lost"])
@pytest.mark.parametrize("text", ["I do not know.", "Let us skip this one.", "Go on.", "Mumble."])
async def test_the_beginning_of_a_sentence_leaves_no_question(
    dialogue: Dialogue, text: str, fault: Fault
) -> None:
    await _to_first_question(dialogue)
    await dialogue.tell(StudentSpoke(text=text, fault=fault))
    assert dialogue.state["position"] == 0
    assert dialogue.state["statuses"]["mitochondria"] == "answered"
    assert dialogue.record["answers_question"], "kept, to the letter"


async def test_a_wish_is_granted_from_its_beginning(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.tell(StudentSpoke(text="Could you repeat that?", fault="broken_off"))
    assert texts(said) == [FIRST]


async def test_what_was_heard_to_its_end_all_the_same_is_an_answer_like_any_other(
    dialogue: Dialogue,
) -> None:
    await _to_first_question(dialogue)
    said = await dialogue.tell(StudentSpoke(text="atp by respiration", fault="mended"))
    assert SECOND in texts(said)
    assert _flags(dialogue) == ["recogniser_failed"]


async def test_a_loss_inside_an_answer_is_told_once_and_the_rest_asked_for_after_it(
    dialogue: Dialogue,
) -> None:
    await _to_first_question(dialogue)
    assert await dialogue.tell(StudentSpoke(text="It makes atp", fault="lost")) == []
    said = await dialogue.tell(SoundLost(cause="recogniser"))
    assert "our fault" in said[0].text
    assert dialogue.record["flags"] == ["recogniser_failed"]
    assert not clock_runs(dialogue.state)
    said = await dialogue.tell(SoundBack(cause="recogniser"))
    assert len(said) == 2
    assert "the rest of your answer" in said[1].text
    assert clock_runs(dialogue.state)
    assert SECOND in texts(await dialogue.says("by respiration."))


async def test_a_loss_before_an_answer_leads_back_to_the_question(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.tell(SoundLost(cause="recogniser"))
    assert dialogue.state["statuses"]["mitochondria"] == "open"
    assert _flags(dialogue) == ["recogniser_failed"]
    assert texts(await dialogue.tell(SoundBack(cause="recogniser")))[-1] == FIRST


async def test_who_says_no_more_is_asked_gently_and_has_answered(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.tell(StudentSpoke(text="It makes atp", fault="broken_off"))
    assert kinds(await dialogue.tell(Silence(level=1))) == ["checkin"]
    assert dialogue.state["position"] == 0
    assert dialogue.state["statuses"]["mitochondria"] == "answered"


async def test_a_voice_that_is_lost_says_nothing_and_the_question_may_be_answered(
    dialogue: Dialogue,
) -> None:
    await _to_first_question(dialogue)
    assert await dialogue.tell(SoundLost(cause="voice")) == []
    assert not clock_runs(dialogue.state)
    assert _flags(dialogue) == ["voice_failed"]
    assert SECOND in texts(await dialogue.says("atp by respiration"))
    assert clock_runs(dialogue.state)


async def test_a_voice_that_is_back_asks_aloud_what_was_read(dialogue: Dialogue) -> None:
    await _to_first_question(dialogue)
    await dialogue.tell(SoundLost(cause="voice"))
    said = await dialogue.tell(SoundBack(cause="voice"))
    assert texts(said)[-1] == FIRST
    assert "hear me again" in said[0].text


@pytest.mark.parametrize(
    ("part", "flag"), [("voice", "voice_failed"), ("recogniser", "recogniser_failed")]
)
async def test_a_failure_of_a_moment_is_noted_and_nothing_is_said(
    dialogue: Dialogue, part: str, flag: str
) -> None:
    await _to_first_question(dialogue)
    # A warning is due, and waits for a turn in which it is heard.
    dialogue.used_ms = dialogue.context.duration_ms - WARNING_MARKS[0] * MINUTE
    before = dialogue.state
    assert await dialogue.tell(Failed(part=part)) == []  # type: ignore[arg-type]
    assert dialogue.record["flags"] == [flag]
    assert _flags(dialogue) == [flag]
    assert dialogue.state["asked"] == before["asked"]
    assert clock_runs(dialogue.state)


@pytest.mark.parametrize("cause", ["recogniser", "voice"])
async def test_an_answer_that_was_given_keeps_its_row_and_gets_the_flag(
    dialogue: Dialogue, cause: SoundCause
) -> None:
    await _to_first_question(dialogue)
    await dialogue.says("It makes atp.")
    await dialogue.tell(SoundLost(cause=cause))
    (row,) = dialogue.record["answers"]
    assert (row["question_id"], row["status"]) == ("mitochondria", "answered")
    assert row["covered"] == ["atp"]
    assert row["flags"] == ["voice_failed" if cause == "voice" else "recogniser_failed"]

"""The examiner in a real AgentSession, its ears and mouth scripted: what is heard, said, shown."""

import asyncio

import pytest

from tests.flow.conftest import Hall, eventually
from tests.flow.room import exam_room
from worker.ears import DRAFT_EVERY_S

pytestmark = pytest.mark.flow

FIRST = "How does a mitochondrion serve the cell?"
SECOND = "Which particle carries a negative charge?"
OPTIONS = "A: Proton. B: e⁻."
ANSWER = "It makes atp by respiration."


async def test_a_whole_exam_aloud(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        assert room.captions.replies[-1].endswith(f"uestion 1 of 4. {FIRST}")
        assert (await room.says(ANSWER)).endswith(f"uestion 2 of 4. {SECOND} {OPTIONS}")
        assert (await room.says("Could you repeat that?")) == f"{SECOND} {OPTIONS}"
        assert (await room.says("B.")).endswith("What is 3² + 1?")
        await room.says("Ten.")
        assert len(room.voice.chat_ctx.items) <= 2, "the framework's history does not grow"
        room.ears.says("Water, gases, but no ions.")
        async with asyncio.timeout(5):
            await room.holding
        turns = await room.turns()
    assert "What is three squared plus one?" in room.mouth.said, "spoken as `say`"
    assert "A: Proton. B: the electron." in room.mouth.said
    assert room.mouth.said.count(FIRST) == 1
    answers = await hall.records.answers(room.sitting.id)
    assert [each.text for each in answers] == [ANSWER, "B.", "Ten.", "Water, gases, but no ions."]
    spoken = [each for turn in turns for each in turn.utterances]
    assert all(each.whole for each in spoken), "all was heard, and that is in the record"
    assert [each.say for each in spoken] == room.mouth.said


async def test_a_guess_that_comes_true_is_the_reply(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.ears.starts("It makes")
        room.ears.seems_done("It makes ATP by respiration")
        await eventually(lambda: SECOND in room.mouth.said)
        assert len(await room.turns()) == 3, "a guess is in no record"
        room.ears.ends(ANSWER)
        assert (await room.replied(4)).endswith(f"{SECOND} {OPTIONS}")
        assert room.mouth.said.count(SECOND) == 1, "synthesised once, ahead"
        turns = await room.turns()
        assert len(turns) == 4
        assert turns[-1].text == ANSWER


async def test_a_guess_that_does_not_come_true_is_never_heard(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.ears.starts("Let us skip this one.")
        room.ears.seems_done("Let us skip this one.")
        await eventually(lambda: SECOND in room.mouth.said)
        room.ears.goes_on("Let us skip this one. No, it is about respiration.")
        room.ears.ends("No, it is about respiration.")
        assert (await room.replied(4)).endswith("Where does the energy end up?")
        turns = await room.turns()
        assert [turn.text for turn in turns[3:]] == ["No, it is about respiration."]
        assert room.examiner.state["statuses"]["mitochondria"] == "answered"
        assert room.examiner.state["position"] == 0


async def test_a_guess_the_framework_dropped_is_answered_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TurnResumed, other words, and at the end of turn the first words after all."""
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.ears.starts(ANSWER)
        room.ears.seems_done(ANSWER)
        await eventually(lambda: SECOND in room.mouth.said)
        room.ears.goes_on(f"{ANSWER} Hm")
        room.ears.ends(ANSWER)
        assert (await room.replied(4)).endswith(f"{SECOND} {OPTIONS}")
        assert room.examiner.state["position"] == 1
        assert (await room.says("Could you repeat that?")) == f"{SECOND} {OPTIONS}"
        assert len(await room.turns()) == 5


async def test_what_is_talked_over_is_asked_again_whole(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.loudspeaker.holds, room.loudspeaker.played = True, 0.3
        room.ears.says("By respiration.")
        await eventually(lambda: room.loudspeaker.loaded)
        room.loudspeaker.holds = False
        room.ears.says("In sugar.")
        again = await room.replied(5)
        assert again.endswith("Where does the energy end up?")
        turns = await room.turns()
        assert [turn.event["type"] for turn in turns[3:]] == [
            *("student_spoke", "not_heard", "student_spoke")
        ]
        assert [each.whole for each in turns[3].utterances] == [True, False]
        assert turns[4].event["utterance"] == "3.1"
        assert 0 < turns[4].event["heard_ms"] < turns[4].event["total_ms"]
        answer = (await hall.records.answers(room.sitting.id))[0]
        assert (answer.text, answer.flags) == ("By respiration. In sugar.", ["talked_over"])


async def test_who_goes_on_over_the_next_question_is_joined_to_the_last_answer(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.loudspeaker.holds, room.loudspeaker.played = True, 0.3
        room.ears.says(ANSWER)
        await eventually(lambda: room.loudspeaker.loaded)
        room.loudspeaker.holds = False
        room.ears.says("And also heat.")
        assert (await room.replied(5)).endswith(f"{SECOND} {OPTIONS}")
        answers = await hall.records.answers(room.sitting.id)
        assert [each.text for each in answers] == [f"{ANSWER} And also heat."]
        assert room.examiner.state["position"] == 1


async def test_a_word_in_between_is_no_answer_and_the_voice_goes_on(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        room.conversation.student_ready()
        await room.replied(1)
        await room.says("I see a window.")
        room.loudspeaker.holds, room.loudspeaker.played = True, 1.0
        room.ears.says("Bread and tea.")
        await eventually(lambda: room.loudspeaker.loaded)
        room.loudspeaker.holds = False
        room.ears.says("Let me think.")
        assert (await room.replied(4)).endswith(FIRST)
        turns = await room.turns()
        assert turns[3].event["total_ms"] > turns[3].event["heard_ms"] > 0
        assert not turns[4].answers_question
        assert room.examiner.state["heard"]
        assert await hall.records.answers(room.sitting.id) == []


async def test_words_over_the_farewell_are_kept_before_the_exam_ends(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        await room.says(ANSWER)
        await room.says("B.")
        await room.says("Ten.")
        room.loudspeaker.holds, room.loudspeaker.played = True, 1.0
        room.ears.says("Water, gases, but no ions.")
        await eventually(lambda: room.loudspeaker.loaded)
        await eventually(lambda: room.examiner.finished)
        room.ears.starts("And also")
        await eventually(lambda: room.voice.ears.open)
        room.loudspeaker.release()
        await asyncio.sleep(0.05)
        assert not room.holding.done(), "the student is still speaking"
        room.loudspeaker.holds = False
        room.ears.ends("And also heat.")
        async with asyncio.timeout(5):
            await room.holding
        turns = await room.turns()
    assert turns[-1].text == "And also heat."
    answers = await hall.records.answers(room.sitting.id)
    assert "Water, gases, but no ions." in answers[-1].text


async def test_a_button_cuts_the_examiner_off(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.loudspeaker.holds = True
        room.ears.says(ANSWER)
        await eventually(lambda: room.loudspeaker.loaded)
        room.loudspeaker.holds = False
        await room.conversation.press("repeat")
        assert (await room.replied(5)) == f"{SECOND} {OPTIONS}"
        assert room.examiner.state["heard"]
        await room.conversation.press("skip")
        assert (await room.replied(6)).endswith("What is 3² + 1?")


async def test_a_skip_is_for_the_question_at_which_it_was_pressed(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.ears.starts(ANSWER)
        await eventually(lambda: room.voice.ears.open)
        pressed = asyncio.create_task(room.conversation.press("skip"))
        room.ears.ends(ANSWER)
        await pressed
        assert (await room.replied(4)).endswith(f"{SECOND} {OPTIONS}")
        async with asyncio.TaskGroup() as clicks:
            for _ in range(3):
                clicks.create_task(room.conversation.press("skip"))
        assert (await room.replied(5)).endswith("What is 3² + 1?")
        assert room.examiner.state["statuses"] == {
            "mitochondria": "answered",
            "charge": "skipped",
            "square": "open",
            "membrane": "open",
        }


async def test_words_not_yet_certain_are_kept_as_a_draft(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.clock.advance(DRAFT_EVERY_S)
        room.ears.starts("It makes atp")
        async with asyncio.timeout(5):
            while (draft := await hall.records.draft(room.sitting.id)) is None:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        assert (draft.question_id, draft.text) == ("mitochondria", "It makes atp")
        room.ears.goes_on("It makes atp by")
        room.ears.ends(ANSWER)
        await room.replied(4)
        assert await hall.records.draft(room.sitting.id) is None
        assert len(await room.turns()) == 4


async def test_noise_without_words_stops_nothing(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.ears.starts("")
        room.ears.ends("")
        await room.settled()
        async with asyncio.timeout(5):
            await room.conversation.press("skip")
        assert (await room.replied(4)).endswith(f"{SECOND} {OPTIONS}")
        assert len(await room.turns()) == 4


async def test_a_student_who_comes_back_is_welcomed(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.conversation.student_left()
        assert not room.examiner.clock.running
        room.conversation.student_ready()
        assert (await room.replied(4)) == f"Welcome back. We were on question 1 of 4. {FIRST}"
        assert room.examiner.clock.running


async def test_a_page_that_is_ready_twice_is_greeted_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        for _ in range(3):
            room.conversation.student_ready()
            await asyncio.sleep(0)
        await room.replied(1)
        room.conversation.student_ready()
        await room.settled()
        assert len(await room.turns()) == 1

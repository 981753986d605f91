"""Silence, long answers, own turn end, typing and the microphone in a whole session."""

import asyncio
from typing import Any

import pytest

from exam_graph import silence
from records.errors import RecordsUnavailable
from records.model import TurnRecord
from tests.flow.conftest import CELLS, MINUTE, Hall, eventually
from tests.flow.room import Room, exam_room
from worker import patience
from worker.conversation import GRACE_S
from worker.microphone import GRACE_S as MICROPHONE_GRACE_S
from worker.pace import LAST_SENTENCE, OWN_TURN_END, QUICKEST, Pace
from worker.protocol import ANSWER_LONG, MICROPHONE, RECORDS_BACK, RECORDS_DOWN

pytestmark = pytest.mark.flow

FIRST = "How does a mitochondrion serve the cell?"
SECOND = "Which particle carries a negative charge?"
SECOND_ASKED = f"{SECOND} A: Proton. B: e⁻."
THINK_S = 20.0
ANSWER = "It makes atp by respiration."


def _set_to(pace: Pace) -> dict[str, Any]:
    return {name: value for name, value in pace._asdict().items() if value is not None}


async def _pass_time(room: Room, seconds: float) -> None:
    """Once all wait for it, time passes; and what follows from it happens."""
    await room.settled()
    for _ in range(20):
        await asyncio.sleep(0)
    room.clock.advance(seconds)
    for _ in range(20):
        await asyncio.sleep(0)


# -- absence --


async def test_a_student_who_stays_away_is_not_waited_for_for_ever(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.conversation.student_left()
        await _pass_time(room, GRACE_S - 1)
        assert not room.holding.done()
        await _pass_time(room, 1)
        assert not await room.holding
        await room.examiner.abandon()
        over = await room.hall.records.sitting(room.sitting.id)
        assert over is not None
        assert (over.status, over.flags) == ("abandoned", ["abandoned"])


async def test_who_comes_back_in_time_goes_on_at_the_same_question(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        used_ms = room.examiner.clock.used_ms()
        room.conversation.student_left()
        await _pass_time(room, GRACE_S - 1)
        assert room.examiner.clock.used_ms() == used_ms
        room.conversation.student_ready()
        assert (await room.replied(4)).endswith(FIRST)
        assert room.examiner.clock.running
        assert room.examiner.state["away_ms"] == (GRACE_S - 1) * 1000
        assert room.examiner.flags == []


async def test_absences_that_add_up_are_flagged_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        for count in range(4):
            room.conversation.student_left()
            await _pass_time(room, 250)
            room.conversation.student_ready()
            await room.replied(4 + count)
        turns = await room.turns()
        returns = [turn.flags for turn in turns if turn.event["type"] == "returned"]
        assert returns == [[], [], ["long_absence"], []]
        kept = await room.hall.records.sitting(room.sitting.id)
        assert kept is not None
        assert kept.flags == ["long_absence"]


async def test_a_line_that_is_lost_stops_the_clock_and_is_no_absence(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.conversation.line_lost()
        assert not room.examiner.clock.running
        await _pass_time(room, 120)
        room.conversation.student_ready()
        assert (await room.replied(4)).endswith(FIRST)
        assert room.examiner.state["away_ms"] == 0


# -- storage that fails --


async def test_answers_that_cannot_be_recorded_stop_the_clock_and_the_student_is_told(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "TELL_AFTER_S", 0.5)
    monkeypatch.setattr(patience, "LONGEST_PAUSE_S", 0.05)
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        down, commit = True, room.hall.records.commit_turn

        async def commit_or_fail(sitting_id: str, fence: int, turn: TurnRecord) -> None:
            if down:
                raise RecordsUnavailable("The database cannot be used: it is away")
            await commit(sitting_id, fence, turn)

        monkeypatch.setattr(room.hall.records, "commit_turn", commit_or_fail)
        room.ears.says(ANSWER)
        await eventually(lambda: room.notices == [RECORDS_DOWN])
        await eventually(lambda: any("clock" in said for said in room.mouth.said))
        assert not room.examiner.clock.running
        used_ms = room.examiner.clock.used_ms()
        room.clock.advance(60)
        down = False
        await eventually(lambda: room.notices == [RECORDS_DOWN, RECORDS_BACK])
        await eventually(lambda: room.captions.replies[-1].endswith(SECOND_ASKED))
        await room.settled()
        assert room.examiner.clock.used_ms() == used_ms
        assert room.examiner.clock.running
        spoken = [turn.text for turn in await room.turns() if turn.text]
        assert spoken.count(ANSWER) == 1


# -- silence --


async def test_a_silent_student_is_spoken_to_and_may_still_answer(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        await _pass_time(room, THINK_S + silence.CHECK_IN_S - 1)
        assert len(room.captions.replies) == 3
        await _pass_time(room, 1)
        await room.replied(4)
        assert (await room.says(ANSWER)).endswith("A: Proton. B: e⁻.")
        turns = await room.turns()
        assert [turn.event["type"] for turn in turns[3:]] == ["silence", "student_spoke"]


async def test_the_wait_is_counted_from_when_the_student_was_last_heard(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        await _pass_time(room, 30)
        room.ears.starts("")
        await eventually(lambda: room.voice.ears.open)
        room.ears.ends("")
        await _pass_time(room, 30)
        assert len(room.captions.replies) == 3
        room.voice.floor.stir()
        await _pass_time(room, 30)
        assert len(room.captions.replies) == 3, "somebody was typing"
        await _pass_time(room, 5)
        await room.replied(4)


async def test_nobody_speaks_to_who_is_away(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.conversation.student_left()
        for _ in range(3):
            await _pass_time(room, 60)
        assert len(room.captions.replies) == 3


# -- long answers --


async def test_at_its_limit_an_answer_is_asked_to_end_and_the_next_breath_ends_it(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        room.ears.starts("It makes")
        await eventually(lambda: room.voice.ears.open)
        await _until_waiting(room)
        room.clock.advance(3 * 60 - 1)
        await _until_waiting(room)
        assert room.notices == []
        room.clock.advance(1)
        await eventually(lambda: room.notices == [ANSWER_LONG])
        assert room.ears.set_to[-1] == _set_to(QUICKEST)
        room.ears.ends("It makes heat.")
        await room.replied(4)
        assert room.ears.set_to[-1] != _set_to(QUICKEST)
        turn = (await room.turns())[-1]
        assert turn.event["duration_ms"] == 3 * MINUTE
        assert turn.answers_question
        room.ears.starts("And")
        await eventually(lambda: room.voice.ears.open)
        await eventually(lambda: room.ears.set_to[-1] == _set_to(QUICKEST))
        assert room.notices == [ANSWER_LONG], "once a question"


async def test_at_the_end_of_the_time_a_sentence_may_be_finished(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = CELLS | {"answer_minutes": 30}
    async with exam_room(hall, monkeypatch, paper=paper) as room:
        await room.to_first_question()
        room.ears.starts("It makes")
        await eventually(lambda: room.voice.ears.open)
        await _until_waiting(room)
        room.clock.advance(12 * 60)
        await eventually(lambda: room.ears.set_to[-1] == _set_to(QUICKEST))
        room.ears.ends("It makes heat.")
        async with asyncio.timeout(5):
            await room.holding
        assert room.notices == []
    answer = (await hall.records.answers(room.sitting.id))[0]
    assert (answer.text, answer.status) == ("It makes heat.", "answered")


async def _until_waiting(room: Room) -> None:
    await eventually(lambda: room.clock.slept_on)
    for _ in range(20):
        await asyncio.sleep(0)


# -- patience --


async def test_patience_follows_the_exam(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    async with exam_room(hall, monkeypatch) as room:
        await room.to_first_question()
        before_answer = room.ears.set_to[-1]
        await room.says("It makes atp.")
        after_answer, count = room.ears.set_to[-1], len(room.ears.set_to)
        await room.says("How many questions are left?")
        assert len(room.ears.set_to) == count, "only when something changes"
        await room.says("A pause, please.")
        in_pause = room.ears.set_to[-1]
        thresholds = [each["eot_threshold"] for each in (before_answer, after_answer, in_pause)]
        assert sorted(thresholds, reverse=True) == thresholds
        assert len(set(thresholds)) == 3


# -- own turn end --


async def test_only_the_button_ends_a_turn_where_the_student_wants_it_so(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, profile={"own_turn_end": True}) as room:
        await _opening_by_button(room)
        room.ears.says("It makes atp")
        room.ears.starts("by respiration")
        await eventually(lambda: room.voice.ears.open)
        await asyncio.sleep(0.05)
        assert len(room.captions.replies) == 3
        room.turn_end.ask()
        assert room.ears.set_to == [_set_to(QUICKEST._replace(eager_eot_threshold=None))]
        room.ears.ends("by respiration.")
        assert (await room.replied(4)).endswith("A: Proton. B: e⁻.")
        assert room.ears.set_to[1:] == [_set_to(OWN_TURN_END)]
        turns = await room.turns()
        assert [turn.text for turn in turns[3:]] == ["It makes atp by respiration."]


async def test_a_turn_that_the_recogniser_gave_up_waits_for_the_button(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, profile={"own_turn_end": True}) as room:
        await _opening_by_button(room)
        held: list[bool] = []
        room.turn_end.on_held = lambda: held.append(True)
        room.ears.says(ANSWER)
        await eventually(lambda: bool(held))
        assert len(await room.turns()) == 3
        room.turn_end.ask()
        await room.replied(4)
        assert (await room.turns())[-1].text == ANSWER


async def test_the_question_can_be_heard_again_within_a_turn(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, profile={"own_turn_end": True}) as room:
        await _opening_by_button(room)
        room.ears.starts("It makes")
        await eventually(lambda: room.voice.ears.open)
        await room.conversation.press("repeat")
        # Nobody is heard, which the voice detector would know.
        room.voice._get_activity_or_raise()._user_silence_event.set()
        await eventually(lambda: room.captions.replies[-1] == FIRST)
        room.turn_end.ask()
        room.ears.ends(ANSWER)
        await room.replied(5)
        assert (await room.turns())[-1].text == ANSWER


async def test_who_ends_turns_by_the_button_is_not_hurried_at_the_end_of_the_time(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = {"own_turn_end": True}
    async with exam_room(hall, monkeypatch, profile=profile) as room:
        await _opening_by_button(room)
        room.ears.starts("It makes")
        await eventually(lambda: room.voice.ears.open)
        await _until_waiting(room)
        room.clock.advance(3 * 60)
        await eventually(lambda: room.notices == [ANSWER_LONG])
        assert room.ears.set_to == []
        room.clock.advance(9 * 60)
        await eventually(lambda: room.ears.set_to == [_set_to(LAST_SENTENCE)])
        room.ears.ends(ANSWER)
        async with asyncio.timeout(5):
            await room.holding


async def _opening_by_button(room: Room) -> None:
    room.conversation.student_ready()
    await room.replied(1)
    for count, text in ((2, "I see a window."), (3, "Bread and tea.")):
        room.ears.starts(text)
        await eventually(lambda: room.voice.ears.open)
        room.turn_end.ask()
        room.ears.ends(text)
        await room.replied(count)
    room.ears.set_to.clear()


# -- typing --


async def test_typed_answers_are_turns_one_after_the_other(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, profile={"typed": True}) as room:
        room.conversation.student_ready()
        await room.replied(1)
        async with asyncio.TaskGroup() as typing:
            for text in ("I see a window.", "", "Bread and tea.", ANSWER):
                typing.create_task(room.conversation.typed(text))
        await eventually(lambda: room.examiner.state["position"] == 1)
        turns = [turn for turn in await room.turns() if turn.text]
        assert [turn.text for turn in turns] == ["I see a window.", "Bread and tea.", ANSWER]
        assert all(turn.event["typed"] for turn in turns)


async def test_a_typed_answer_cuts_the_examiner_off(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, profile={"typed": True}) as room:
        room.conversation.student_ready()
        await room.replied(1)
        for count, text in ((2, "I see a window."), (3, "Bread and tea.")):
            await room.conversation.typed(text)
            await room.replied(count)
        room.loudspeaker.holds, room.loudspeaker.played = True, 0.3
        typing = asyncio.create_task(room.conversation.typed("By respiration."))
        await eventually(lambda: room.loudspeaker.loaded)
        await typing
        room.loudspeaker.holds = False
        await room.conversation.typed("In atp.")
        await room.replied(5)
        kinds = [turn.event["type"] for turn in await room.turns()]
        assert kinds[3:] == ["student_spoke", "not_heard", "student_spoke"]


# -- the microphone --


async def test_a_muted_microphone_is_told_of_and_the_clock_stands(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        await room.to_first_question()
        room.microphone.published("mic", muted=True)
        await _pass_time(room, MICROPHONE_GRACE_S - 0.1)
        assert room.notices == []
        await _pass_time(room, 0.1)
        await eventually(lambda: room.notices == [MICROPHONE["muted"]])
        await room.replied(4)
        assert not room.examiner.clock.running
        used = room.examiner.clock.used_ms()
        await _pass_time(room, 3600)
        assert room.examiner.clock.used_ms() == used
        assert len(room.captions.replies) == 4, "nobody takes it for silence"
        room.microphone.published("mic", muted=False)
        assert FIRST in await room.replied(5)
        assert room.examiner.clock.running
        assert room.notices == [MICROPHONE["muted"]]
        kinds = [turn.event["type"] for turn in await room.turns()]
        assert kinds[3:] == ["sound_lost", "sound_back"]


async def test_what_was_being_said_when_the_sound_was_lost_is_kept(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        await room.to_first_question()
        room.ears.starts("It makes")
        await eventually(lambda: room.voice.ears.open)
        room.microphone.unpublished("mic")
        await _until_waiting(room)
        room.clock.advance(MICROPHONE_GRACE_S)
        await eventually(lambda: room.notices == [MICROPHONE["unplugged"]])
        assert room.ears.set_to[-1] == _set_to(QUICKEST)
        room.ears.ends("It makes heat.")
        await eventually(lambda: room.examiner.state["sound_lost"])
        turns = await room.turns()
        assert turns[3].event["type"] == "student_spoke"
        assert turns[-1].event == {"type": "sound_lost", "cause": "unplugged"}


async def test_nothing_is_said_about_a_microphone_in_a_pause_or_an_absence(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        room.microphone.published("mic", muted=True)
        await _pass_time(room, 60)
        assert room.notices == [], "before the student is ready"
        room.microphone.published("mic", muted=False)
        await room.to_first_question()
        await room.conversation.press("pause")
        await room.replied(4)
        room.microphone.published("mic", muted=True)
        await _pass_time(room, 60)
        assert room.notices == []
        await room.conversation.press("pause")
        await eventually(lambda: room.notices == [MICROPHONE["muted"]])


# -- the voice --


async def test_the_voice_speaks_at_the_students_rate_and_slowly_where_it_is_to(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, profile={"speech_rate": 0.9}) as room:
        await room.to_first_question()
        assert room.mouth.speeds == [0.9, 0.72]
        assert set(room.mouth.said_at) == {0.9}
        for _ in range(3):
            await room.says("Mumble.")
        await room.says("Yes.")
        assert room.mouth.said_at[room.mouth.said.index(FIRST)] == 0.9
        last = len(room.mouth.said) - 1 - room.mouth.said[::-1].index(FIRST)
        assert room.mouth.said_at[last] == 0.72
        await room.says(ANSWER)
        assert room.mouth.said_at[-1] == 0.9

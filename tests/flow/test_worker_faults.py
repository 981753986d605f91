"""A whole session whose recogniser or voice fails: told, flagged, nothing lost, and it goes on."""

import asyncio

import pytest
from livekit.agents import APIConnectionError, APIStatusError

from records.model import TurnRecord
from tests.flow.conftest import Hall, eventually
from tests.flow.room import VOICE_TIMEOUT_S, Room, exam_room
from tests.stand_ins.speech import SilentVoice
from worker.listening import GRACE_S
from worker.protocol import MICROPHONE

pytestmark = pytest.mark.flow

FIRST = "How does a mitochondrion serve the cell?"
OPTIONS = "A: Proton. B: e⁻."
CUT = APIConnectionError("cut")
BUSY = APIStatusError("too many", status_code=429)
BROKEN = APIStatusError("broken", status_code=500)


async def _passes(room: Room, seconds: float) -> None:
    """Time, in small steps: whoever waits may wait again."""
    for _ in range(round(seconds / 0.1)):
        for _ in range(40):
            await asyncio.sleep(0)
        room.clock.advance(0.1)
    for _ in range(40):
        await asyncio.sleep(0)


async def _answering(room: Room, words: str) -> None:
    room.ears.starts(words)
    await eventually(lambda: room.voice.ears.open)


def _flagged(turns: list[TurnRecord], flag: str) -> list[str]:
    return [turn.event["type"] for turn in turns if flag in turn.flags]


# -- hearing --


async def test_a_recogniser_that_is_cut_off_in_mid_answer_costs_no_word(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        await room.to_first_question()
        await _answering(room, "It makes atp")
        room.ears.breaks(CUT)
        await eventually(lambda: not room.voice.listening.hears)
        assert not room.examiner.clock.running
        await _passes(room, GRACE_S / 2)
        assert "finish your answer" in await room.replied(4)
        assert room.examiner.clock.running
        assert (await room.says("by respiration.")).endswith(OPTIONS)
        assert room.notices == []
        turns = await room.turns()
        assert [turn.text for turn in turns[3:]] == ["It makes atp", "by respiration."]
        assert _flagged(turns, "recogniser_failed") == ["student_spoke"]
    answer = (await hall.records.answers(room.sitting.id))[0]
    assert (answer.status, answer.text) == ("answered", "It makes atp by respiration.")
    assert "recogniser_failed" in answer.flags


async def test_one_that_stays_away_is_told_of_and_never_taken_for_silence(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        await room.to_first_question()
        await _answering(room, "It makes atp")
        room.ears.refusals.extend([BUSY] * 200)
        room.ears.breaks(CUT)
        await eventually(lambda: not room.voice.listening.hears)
        await _passes(room, GRACE_S)
        await eventually(lambda: room.notices == [MICROPHONE["recogniser"]])
        assert "our fault" in await room.replied(4)
        used = room.examiner.clock.used_ms()
        await _passes(room, 300)
        assert len(room.captions.replies) == 4
        assert room.examiner.clock.used_ms() == used
        room.ears.refusals.clear()
        await _passes(room, 10)
        assert "the rest of your answer" in await room.replied(5)
        assert room.examiner.clock.running
        assert (await room.says("by respiration.")).endswith(OPTIONS)
        turns = await room.turns()
        kinds = [turn.event["type"] for turn in turns[3:]]
        assert kinds == ["student_spoke", "sound_lost", "sound_back", "student_spoke"]
        assert _flagged(turns, "recogniser_failed") == ["student_spoke", "sound_lost"]
    answer = (await hall.records.answers(room.sitting.id))[0]
    assert answer.text == "It makes atp by respiration."


async def test_a_moment_in_silence_is_not_worth_a_word(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        await room.to_first_question()
        room.ears.breaks(CUT)
        await eventually(lambda: not room.voice.listening.hears)
        await _passes(room, GRACE_S / 2)
        assert room.voice.listening.hears
        assert room.examiner.clock.running
        await room.settled()
        assert len(room.captions.replies) == 3
        assert (await room.says("atp by respiration")).endswith(OPTIONS)
        assert room.notices == []


async def test_a_loss_in_silence_leads_back_to_the_question(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        await room.to_first_question()
        room.ears.refusals.extend([BUSY] * 4)
        room.ears.breaks(CUT)
        await eventually(lambda: not room.voice.listening.hears)
        await _passes(room, GRACE_S)
        await eventually(lambda: room.notices == [MICROPHONE["recogniser"]])
        await room.replied(4)
        await _passes(room, 20)
        assert (await room.replied(5)).endswith(FIRST)


async def test_who_ends_turns_by_the_button_keeps_the_turn_through_a_cut(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = {"own_turn_end": True}
    async with exam_room(hall, monkeypatch, profile=profile, watched=True) as room:
        room.conversation.student_ready()
        await room.replied(1)
        for count, text in ((2, "I see a window."), (3, "Bread and tea.")):
            await _answering(room, text)
            room.turn_end.ask()
            room.ears.ends(text)
            await room.replied(count)
        await _answering(room, "It makes atp")
        room.ears.breaks(CUT)
        await eventually(lambda: not room.voice.listening.hears)
        await _passes(room, GRACE_S / 2)
        room.ears.starts("by respiration")
        own = room.turn_end._own
        await eventually(lambda: own is not None and own._open)
        room.turn_end.ask()
        room.ears.ends("by respiration.")
        assert (await room.replied(4)).endswith(OPTIONS)
        turn = (await room.turns())[-1]
        assert turn.text == "It makes atp by respiration."
        assert turn.event["fault"] == "mended"
        assert turn.flags == ["recogniser_failed"]


# -- speaking --


async def test_a_connection_that_was_closed_while_idle_is_nobodys_business(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        await room.to_first_question()
        room.mouth.usual.faults.append(CUT)
        await room.says("How much time is left?")
        assert room.mouth.usual.streamed[-2:] == [True, True]
        assert _flagged(await room.turns(), "voice_failed") == []


async def test_a_voice_that_fails_again_is_tried_another_way(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        await room.to_first_question()
        room.mouth.usual.faults.extend([BROKEN, BROKEN])
        assert (await room.says("How much time is left?")).endswith("12 minutes left.")
        assert room.mouth.usual.streamed[-3:] == [True, True, False]
        await room.examiner.settled()
        turns = await room.turns()
        assert _flagged(turns, "voice_failed") == ["failed"]
        assert all(each.whole for each in turns[3].utterances)
        assert room.examiner.clock.running
        assert room.notices == [], "the record and its flag are enough for the page to tell"


@pytest.mark.parametrize("fault", [10, None], ids=["cut", "stall"])
async def test_what_broke_off_is_said_again_from_its_beginning(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, fault: int | None
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        await room.to_first_question()
        room.mouth.usual.faults.append(fault)
        await room.says("Could you repeat that?")
        assert room.mouth.usual.said[-2:] == [FIRST, FIRST]
        (asked,) = (await room.turns())[3].utterances
        assert asked.whole
        assert (await room.says("atp by respiration")).endswith(OPTIONS)


async def test_another_voice_speaks_and_the_first_one_rests(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SilentVoice()
    async with exam_room(hall, monkeypatch, watched=True, fallback=other) as room:
        await room.to_first_question()
        room.mouth.usual.broken = BROKEN
        await room.says("Could you repeat that?")
        assert other.said == [FIRST]
        tried = len(room.mouth.usual.said)
        await room.says("Could you repeat that?")
        assert other.said == [FIRST, FIRST]
        assert len(room.mouth.usual.said) == tried
        assert (await room.turns())[-1].utterances[0].whole


async def test_without_any_voice_the_words_are_read_and_the_clock_stands(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        await room.to_first_question()
        room.mouth.usual.broken = BROKEN
        assert (await room.says("atp by respiration")).endswith(OPTIONS)
        await eventually(lambda: room.notices == [MICROPHONE["voice"]])
        await eventually(lambda: room.examiner.state["reading"])
        assert not room.examiner.clock.running
        read = (await room.turns())[3].utterances
        assert not any(each.whole for each in read), "the record stays true"
        await room.says("B.")
        answer = (await hall.records.answers(room.sitting.id))[1]
        assert (answer.text, answer.status) == ("B.", "answered")
        await eventually(lambda: room.examiner.state["reading"])
        room.mouth.usual.broken = None
        await eventually(lambda: "hear me again" in room.captions.replies[-1])
        await room.settled()
        assert room.captions.replies[-1].endswith("What is 3² + 1?")
        assert room.examiner.clock.running
        assert (await room.turns())[-1].event == {"type": "sound_back", "cause": "voice"}


async def test_an_exam_without_any_voice_comes_to_its_end(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exam_room(hall, monkeypatch, watched=True) as room:
        await room.to_first_question()
        room.mouth.usual.broken = BROKEN
        for count, text in enumerate(("atp by respiration", "B.", "10", "water gases ions"), 4):
            room.ears.says(text)
            await eventually(lambda count=count: len(room.captions.replies) >= count)  # type: ignore[misc]
            await room.settled()
        async with asyncio.timeout(20 * VOICE_TIMEOUT_S):
            await room.holding
    statuses = [each.status for each in await hall.records.answers(room.sitting.id)]
    assert statuses == ["answered"] * 4
    sitting = await hall.records.sitting(room.sitting.id)
    assert sitting is not None
    assert sitting.status == "finished"

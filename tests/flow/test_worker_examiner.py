"""An exam on a real database: what is recorded, what is checkpointed, and what survives."""

import asyncio
import dataclasses
import sqlite3
from typing import Any

import pytest

from exam_graph.events import Command, Started, StudentSpoke, TimePassed, Word
from exam_graph.state import Kept
from exam_graph.understanding import ANSWER_WINDOW, Context, Heard, Understood
from records import engine
from records.errors import RecordsUnavailable, StaleFence
from records.model import TurnRecord
from records.store import Records
from tests.flow.conftest import (
    MINUTE,
    Hall,
    HandClock,
    ScriptedUnderstanding,
    eventually,
    said,
    told,
)
from tests.takeover import take_over
from worker import patience
from worker.examiner import Examiner

pytestmark = pytest.mark.flow

FIRST = "How does a mitochondrion serve the cell?"
SECOND = "Which particle carries a negative charge?"
PROBE = "Where does the energy end up?"


async def _to_first_question(examiner: Examiner) -> None:
    for event in (Started(), "I see a window.", "Bread and tea."):
        await told(examiner, event)


# -- a whole exam --


async def test_a_whole_exam_is_in_the_record_in_order(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await _to_first_question(examiner)
        await told(examiner, "Something with Respiration, I think.")
        await told(examiner, "It ends up in ATP.")
        await told(examiner, "Could you repeat that?")
        await told(examiner, "B.")
        await told(examiner, Command(name="skip"))
        await told(examiner, "Water, gases, but no ions.")
        assert examiner.state["confirming"] == "skipped", "what was skipped is offered once"
        await told(examiner, "No.")
        assert examiner.finished
        in_memory = examiner.state
    answers = await hall.records.answers(sitting.id)
    assert [(each.question_id, each.status, each.text) for each in answers] == [
        ("mitochondria", "answered", "Something with Respiration, I think. It ends up in ATP."),
        ("charge", "answered", "B."),
        ("square", "skipped", ""),
        ("membrane", "answered", "Water, gases, but no ions."),
    ]
    assert answers[0].covered == ["atp", "respiration"]
    assert answers[0].probes == ["atp"]
    turns = await hall.records.turns(sitting.id)
    assert [turn.number for turn in turns] == list(range(10))
    assert hall.checkpoints(sitting) == len(turns), "one checkpoint a turn"
    assert await hall.checkpointed(sitting) == in_memory
    found = await hall.records.sitting(sitting.id)
    assert found is not None
    assert found.status == "finished"


async def test_what_was_said_is_in_the_record_with_its_turn(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await _to_first_question(examiner)
    asked = (await hall.records.turns(sitting.id))[2]
    assert [each.kind for each in asked.utterances] == [
        "acknowledgement",
        "greeting",
        "count",
        "question",
    ]
    assert asked.utterances[-1].text == FIRST
    assert asked.utterances[-1].question_id == "mitochondria"
    assert asked.text == "Bread and tea."
    assert asked.question_id is None


async def test_words_and_confidence_are_recorded_and_the_event_keeps_none(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await _to_first_question(examiner)
        word = Word(word="atp", start_ms=100, end_ms=400, confidence=0.9)
        await told(examiner, StudentSpoke(text="atp", words=(word,), confidence=0.9))
    turn = (await hall.records.turns(sitting.id))[-1]
    assert turn.words == [{"word": "atp", "start_ms": 100, "end_ms": 400, "confidence": 0.9}]
    assert turn.confidence == 0.9
    assert "words" not in turn.event


async def test_an_exam_finishes_once(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await told(examiner, Started())
        await told(examiner, Command(name="end"))
        await told(examiner, "Yes.")
        finished = await hall.records.sitting(sitting.id)
        await told(examiner, "Goodbye then.")
        assert await hall.records.sitting(sitting.id) == finished
    assert [turn.status for turn in await hall.records.turns(sitting.id)] == [
        None,
        None,
        "finished",
        None,
    ]


async def test_listeners_hear_of_each_turn_once_it_is_kept(hall: Hall) -> None:
    sitting = await hall.sitting()
    heard: list[Kept] = []
    async with hall.holding(sitting) as examiner:
        examiner.on_commit(heard.append)
        await told(examiner, Started())
        await told(examiner, "I see a window.")
    assert [state["phase"] for state in heard] == ["soundcheck", "practice"]


# -- taking over --


async def test_another_examiner_stands_where_the_first_was(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await _to_first_question(examiner)
        await told(examiner, "It makes atp.")
        left = examiner.state
    async with hall.holding(sitting) as examiner:
        assert examiner.state == left
        assert examiner.started
        back = await said(await examiner.returned())
        assert back == ["Welcome back. We were on question 1 of 4.", "By what process?"]
        await told(examiner, "By respiration.")
    answers = await hall.records.answers(sitting.id)
    assert answers[0].covered == ["atp", "respiration"], "the answer so far is known again"


async def test_a_turn_recorded_but_not_checkpointed_is_replayed(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.examiner(sitting) as examiner:
        work = asyncio.create_task(examiner.run())
        await _to_first_question(examiner)
        before = await hall.checkpointed(sitting)
        _break_checkpoints(examiner)
        turn = examiner.submit(StudentSpoke(text="It makes atp by respiration."))
        with pytest.raises(_Killed):
            await work
        assert SECOND in [each.text for each in turn.utterances]
    assert await hall.checkpointed(sitting) == before, "killed between record and checkpoint"

    understanding = ScriptedUnderstanding()
    async with hall.holding(sitting, understanding=understanding) as examiner:
        assert understanding.asked == 0, "what the turn meant is in the record"
        assert await hall.checkpointed(sitting) == examiner.state
        assert (await told(examiner, "Could you repeat that?"))[0] == SECOND
        await told(examiner, "B.")
    turns = await hall.records.turns(sitting.id)
    assert [turn.number for turn in turns] == list(range(6))
    spoken = [each for turn in turns for each in turn.utterances if each.kind == "question"]
    assert [each.text for each in spoken].count(FIRST) == 1
    assert (await hall.records.answers(sitting.id))[0].text == "It makes atp by respiration."


async def test_a_replayed_state_equals_the_one_that_was_lost(hall: Hall) -> None:
    dialogue: list[Any] = [
        *(Started(), "I see a window.", "Bread.", "It makes atp.", "Let me think."),
        *("Could you repeat that?", "By respiration.", "How much time is left?", "B."),
        *(Command(name="pause"), Command(name="pause"), Command(name="end"), "No.", "Ten."),
    ]
    clock = HandClock()
    whole, killed = await hall.sitting("whole"), await hall.sitting("killed")
    async with hall.holding(whole, clock=clock) as examiner:
        for event in dialogue:
            clock.advance(40)
            await told(examiner, event)
        expected = examiner.state
    async with hall.holding(killed, clock=HandClock()) as examiner:
        _forget_checkpoints(examiner)
        for turn in await hall.records.turns(whole.id):
            await hall.records.commit_turn(killed.id, 1, turn)
    async with hall.examiner(killed) as examiner:
        assert examiner.state == expected


async def test_a_stale_fence_writes_nothing_anywhere(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.examiner(sitting) as examiner:
        work = asyncio.create_task(examiner.run())
        await _to_first_question(examiner)
        kept = await hall.kept(sitting)
        await take_over(hall.records, sitting.id)
        turn = examiner.submit(StudentSpoke(text="It makes atp."))
        with pytest.raises(StaleFence):
            await turn.committed
        with pytest.raises(StaleFence):
            await work
        with pytest.raises(StaleFence):
            await examiner.keep_draft("It makes")
    assert await hall.kept(sitting) == kept


async def test_a_late_checkpoint_of_an_old_examiner_is_refused(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as old:
        await _to_first_question(old)
        stale = old.state
        async with hall.holding(sitting) as new:
            await told(new, "It makes atp by respiration.")
            expected = new.state
        with pytest.raises(StaleFence):
            await old._checkpoint(stale)
    async with hall.examiner(sitting) as third:
        assert third.state == expected


# -- the database --


async def test_a_locked_database_is_tried_again(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 20)
    records = await Records.open(f"sqlite:///{hall.file}")
    impatient = Hall(hall.file, records, hall.graph)
    sitting = await impatient.sitting()
    tries = 0
    async with impatient.holding(sitting) as examiner:
        await told(examiner, Started())
        lock = sqlite3.connect(hall.file, isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        commit = records.commit_turn

        async def counted(sitting_id: str, fence: int, turn: TurnRecord) -> None:
            nonlocal tries
            tries += 1
            if tries == 3:
                lock.rollback()
            await commit(sitting_id, fence, turn)

        monkeypatch.setattr(records, "commit_turn", counted)
        await told(examiner, "I see a window.")
        lock.close()
    assert tries == 3
    assert len(await impatient.records.turns(sitting.id)) == 2
    await records.close()


async def test_a_checkpoint_that_meets_a_lock_is_tried_again(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await told(examiner, Started())
        write = examiner._checkpoints.aupdate_state
        failures = [RecordsUnavailable("The database cannot be used: database is locked")]

        async def busy(*args: Any, **kwargs: Any) -> Any:
            if failures:
                raise failures.pop()
            return await write(*args, **kwargs)

        monkeypatch.setattr(examiner._checkpoints, "aupdate_state", busy)
        await told(examiner, "I see a window.")
        assert await hall.checkpointed(sitting) == examiner.state
    assert hall.checkpoints(sitting) == 2


async def test_a_database_that_stays_away_stops_the_examiner(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "COMMIT_PATIENCE", 0.0)
    sitting = await hall.sitting()
    async with hall.examiner(sitting) as examiner:
        work = asyncio.create_task(examiner.run())
        await told(examiner, Started())
        _break_checkpoints(examiner, RecordsUnavailable("it is locked"))
        turn = examiner.submit(StudentSpoke(text="I see a window."))
        with pytest.raises(RecordsUnavailable):
            await turn.committed
        with pytest.raises(RecordsUnavailable):
            await work


async def test_an_examiner_stops_when_told_to_even_in_a_commit(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting = await hall.sitting()
    async with hall.examiner(sitting) as examiner:
        committing = asyncio.Event()

        async def endless(*_: Any) -> None:
            committing.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(hall.records, "commit_turn", endless)
        work = asyncio.create_task(examiner.run())
        examiner.submit(Started())
        await committing.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(5):
                await work


# -- drafts --


async def test_a_draft_becomes_part_of_the_answer_at_the_return(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await _to_first_question(examiner)
        await examiner.keep_draft("It makes")
        await examiner.keep_draft("It makes atp and")
    async with hall.holding(sitting) as examiner:
        back = await said(await examiner.returned())
        assert back[1:] == ["What you had said so far is kept.", FIRST]
        assert await hall.records.draft(sitting.id) is None
        assert SECOND in await told(examiner, "respiration.")
    answer = (await hall.records.answers(sitting.id))[0]
    assert answer.text == "It makes atp and respiration."
    assert answer.flags == ["interrupted"]
    assert answer.covered == ["atp", "respiration"]


async def test_a_certain_turn_clears_its_draft(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await _to_first_question(examiner)
        await examiner.keep_draft("It makes")
        await told(examiner, "It makes atp.")
        assert await hall.records.draft(sitting.id) is None
        back = await said(await examiner.returned())
    assert back == ["Welcome back. We were on question 1 of 4.", "By what process?"]


async def test_a_draft_that_comes_after_its_turn_is_dropped(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await _to_first_question(examiner)
        late = [asyncio.create_task(examiner.keep_draft("It makes")) for _ in range(3)]
        turn = examiner.submit(StudentSpoke(text="It makes atp."))
        await asyncio.gather(*late)
        await turn.committed
    assert await hall.records.draft(sitting.id) is None


async def test_a_draft_of_another_question_is_no_answer_to_this_one(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await _to_first_question(examiner)
        await examiner.keep_draft("It makes")
        await told(examiner, Command(name="skip"))
        await said(await examiner.returned())
    turn = (await hall.records.turns(sitting.id))[-1]
    assert not turn.answers_question
    assert turn.text == ""


async def test_there_is_no_draft_before_the_questions(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await told(examiner, Started())
        await examiner.keep_draft("I see a")
    assert await hall.records.draft(sitting.id) is None


# -- the clock --


async def test_the_clock_starts_with_the_first_question_and_is_kept(hall: Hall) -> None:
    sitting = await hall.sitting()
    clock = HandClock()
    async with hall.holding(sitting, clock=clock) as examiner:
        clock.advance(100)
        await _to_first_question(examiner)
        assert examiner.clock.used_ms() == 0
        clock.advance(90)
        await told(examiner, "Let me think.")
        clock.advance(30)
    assert (await hall.checkpointed(sitting))["used_ms"] == 90_000
    clock.advance(1000)
    async with hall.holding(sitting, clock=clock) as examiner:
        assert not examiner.clock.running, "it waits for the student's return"
        clock.advance(50)
        assert examiner.clock.used_ms() == 90_000
        await said(await examiner.returned())
        clock.advance(10)
        assert examiner.clock.used_ms() == 100_000


async def test_the_clock_stops_in_a_pause(hall: Hall) -> None:
    sitting = await hall.sitting()
    clock = HandClock()
    async with hall.holding(sitting, clock=clock) as examiner:
        await _to_first_question(examiner)
        clock.advance(60)
        await told(examiner, Command(name="pause"))
        clock.advance(600)
        assert examiner.clock.used_ms() == 60_000
        await told(examiner, Command(name="pause"))
        clock.advance(5)
        assert await told(examiner, "How much time is left?") == ["You have 11 minutes left."]
    assert [turn.used_ms for turn in await hall.records.turns(sitting.id)][-2:] == [60_000, 65_000]


async def test_the_end_of_time_is_kept(hall: Hall) -> None:
    sitting = await hall.sitting()
    clock = HandClock()
    async with hall.holding(sitting, clock=clock) as examiner:
        await _to_first_question(examiner)
        clock.advance(12 * MINUTE / 1000)
        words = await told(examiner, TimePassed(mark=0))
        assert words[0].startswith("The time is up.")
        assert not examiner.clock.running
    answers = await hall.records.answers(sitting.id)
    assert {each.status for each in answers} == {"unanswered"}


# -- bounds --


async def test_understanding_sees_the_end_of_a_long_answer_only(hall: Hall) -> None:
    sitting = await hall.sitting()
    seen: list[int] = []

    class Counting(ScriptedUnderstanding):
        async def understand(self, heard: Heard, context: Context) -> Understood:
            seen.append(len(context.answer_so_far))
            return dataclasses.replace(await super().understand(heard, context), covered=())

    async with hall.holding(sitting, understanding=Counting()) as examiner:
        await _to_first_question(examiner)
        for _ in range(3):
            await told(examiner, Command(name="skip"))
        await told(examiner, "word " * 800)
        await told(examiner, "more")
    async with hall.examiner(sitting) as examiner:
        assert len(examiner._window.text) == ANSWER_WINDOW
    assert max(seen) == ANSWER_WINDOW


async def test_a_checkpoint_does_not_grow_with_the_dialogue(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await _to_first_question(examiner)
        for _ in range(6):
            await told(examiner, "Could you repeat that?")
    with sqlite3.connect(hall.file) as database:
        found = database.execute(
            "SELECT length(checkpoint) FROM checkpoints ORDER BY checkpoint_id"
        ).fetchall()
    sizes = [size for (size,) in found]
    # The saver's version numbers vary by some digits.
    assert max(sizes[4:]) - min(sizes[4:]) < 100


# -- beside one another --


async def test_two_sittings_in_one_process_do_not_mix(hall: Hall) -> None:
    async def take(user: str, words: str) -> str:
        sitting = await hall.sitting(user)
        async with hall.holding(sitting) as examiner:
            await told(examiner, Started())
            for text in ("I see.", "Bread.", *[f"{words} {n}" for n in range(8)]):
                await told(examiner, text)
        return sitting.id

    ids = await asyncio.gather(take("ada", "zebra"), take("bob", "quince"))
    for sitting_id, own, foreign in zip(ids, ("zebra", "quince"), ("quince", "zebra"), strict=True):
        turns = await hall.records.turns(sitting_id)
        assert [turn.number for turn in turns] == list(range(11))
        texts = " ".join(turn.text for turn in turns)
        assert own in texts
        assert foreign not in texts
        answers = await hall.records.answers(sitting_id)
        assert [each.status for each in answers] == ["answered"] * 4


async def test_events_are_worked_off_one_by_one_in_their_order(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        turns = [examiner.submit(Started())]
        turns += [examiner.submit(StudentSpoke(text=text)) for text in ("I see.", "Bread.")]
        turns += [examiner.submit(Command(name="repeat")) for _ in range(3)]
        await eventually(lambda: turns[-1].committed.done())
    assert [turn.number for turn in turns] == [0, 1, 2, 3, 4, 5]
    recorded = await hall.records.turns(sitting.id)
    assert [turn.utterances[-1].text for turn in recorded[2:]] == [FIRST] * 4


class _Killed(BaseException):
    """The process is gone: nothing after this is run."""


def _break_checkpoints(examiner: Examiner, error: BaseException | None = None) -> None:
    async def broken(state: Kept) -> None:
        raise error or _Killed

    examiner._checkpoint = broken  # type: ignore[method-assign]


def _forget_checkpoints(examiner: Examiner) -> None:
    async def forgotten(state: Kept) -> None:
        return None

    examiner._checkpoint = forgotten  # type: ignore[method-assign]

"""What is worked out while the student still speaks leaves no trace unless it comes true."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from exam_graph.events import Command, Started, StudentSpoke
from exam_graph.understanding import Context, Heard, Understood
from tests.flow.conftest import Hall, HandClock, ScriptedUnderstanding, eventually, said, told
from worker.examiner import Examiner, same_words
from worker.turn import Turn

pytestmark = pytest.mark.flow

SECOND = "Which particle carries a negative charge?"
ANSWER = "It makes atp by respiration."


async def _to_first_question(examiner: Examiner) -> None:
    for event in (Started(), "I see a window.", "Bread and tea."):
        await told(examiner, event)


@asynccontextmanager
async def _at_first_question(hall: Hall, user: str = "ada") -> AsyncIterator[Examiner]:
    sitting = await hall.sitting(user)
    async with hall.holding(sitting, clock=HandClock()) as examiner:
        await _to_first_question(examiner)
        yield examiner


async def _spoken(examiner: Examiner, text: str, *, reused: bool) -> list[str]:
    turn, same = examiner.student_spoke(StudentSpoke(text=text))
    assert same is reused
    return await said(turn)


async def _guessed(examiner: Examiner, text: str) -> Turn:
    """A guess that has been worked out to its end."""
    turn = examiner.guess(StudentSpoke(text=text))
    async for _ in turn.marks():
        pass
    return turn


async def _no_guess(examiner: Examiner) -> None:
    return None


async def _other_words(examiner: Examiner) -> None:
    await _guessed(examiner, "It makes")


async def _another_move(examiner: Examiner) -> None:
    await _guessed(examiner, "Let us skip this one.")


async def _the_end(examiner: Examiner) -> None:
    await _guessed(examiner, "Please end the exam.")


async def _several(examiner: Examiner) -> None:
    for text in ("It", "It makes", "Let us skip this one.", "Could you repeat that?"):
        await _guessed(examiner, text)


async def _unfinished(examiner: Examiner) -> None:
    examiner.guess(StudentSpoke(text="It makes"))
    await asyncio.sleep(0)


@pytest.mark.parametrize("guess", [_other_words, _another_move, _the_end, _several, _unfinished])
async def test_a_dropped_guess_is_as_if_it_had_never_been(
    hall: Hall, guess: Callable[[Examiner], Awaitable[None]]
) -> None:
    kept = []
    for user, before in (("without", _no_guess), ("with", guess)):
        async with _at_first_question(hall, user) as examiner:
            state = dict(examiner.state)
            await before(examiner)
            assert dict(examiner.state) == state
            first = await _spoken(examiner, "It makes atp.", reused=False)
            then = await _spoken(examiner, "By respiration.", reused=False)
            kept.append((first, then, examiner.state, await hall.kept(examiner.sitting)))
    assert kept[0] == kept[1]


async def test_a_guess_alone_writes_nothing(hall: Hall) -> None:
    async with _at_first_question(hall) as examiner:
        before = await hall.kept(examiner.sitting)
        turn = await _guessed(examiner, ANSWER)
        assert SECOND in [each.text for each in turn.utterances]
        assert await hall.kept(examiner.sitting) == before


@pytest.mark.parametrize(
    "final", [ANSWER, "it makes ATP by respiration", "It makes, ATP: by respiration!"]
)
async def test_a_guess_serves_where_the_words_are_the_same(hall: Hall, final: str) -> None:
    async with _at_first_question(hall) as examiner:
        guessed = await _guessed(examiner, ANSWER)
        turn, reused = examiner.student_spoke(StudentSpoke(text=final, confidence=0.8))
        assert reused
        assert turn is guessed
        assert SECOND in await said(turn)
        assert examiner.state["position"] == 1
        record = (await hall.records.turns(examiner.sitting.id))[-1]
    assert record.text == final, "the record keeps the final words"
    assert record.event["text"] == final
    assert record.confidence == 0.8


async def test_a_reused_guess_is_kept_like_a_fresh_run(hall: Hall) -> None:
    kept = []
    for user, guess in (("fresh", False), ("reused", True)):
        async with _at_first_question(hall, user) as examiner:
            if guess:
                await _guessed(examiner, ANSWER)
            await _spoken(examiner, ANSWER, reused=guess)
            kept.append((examiner.state, await hall.kept(examiner.sitting)))
    assert kept[0] == kept[1]


async def test_a_reused_guess_replays_to_the_reply_that_was_given(hall: Hall) -> None:
    """The time ran out between guess and end of turn: what was said stands."""
    sitting = await hall.sitting()
    clock = HandClock()
    async with hall.holding(sitting, clock=clock) as examiner:
        await _to_first_question(examiner)
        clock.advance(12 * 60 - 0.1)
        await _guessed(examiner, ANSWER)
        clock.advance(0.2)
        assert SECOND in await _spoken(examiner, ANSWER, reused=True)
        expected = examiner.state
        turns = await hall.records.turns(sitting.id)
    other = await hall.sitting("replayed")
    async with hall.examiner(other) as examiner:
        pass
    for turn in turns:
        await hall.records.commit_turn(other.id, 1, turn)
    async with hall.examiner(other) as examiner:
        assert examiner.state == expected


async def test_a_guess_is_not_reused_after_another_event(hall: Hall) -> None:
    async with _at_first_question(hall) as examiner:
        await _guessed(examiner, ANSWER)
        await told(examiner, Command(name="skip"))
        words = await _spoken(examiner, ANSWER, reused=False)
        assert SECOND not in words
        assert examiner.state["position"] == 2, "it answers the question that is open now"


async def test_a_guess_is_used_once(hall: Hall) -> None:
    async with _at_first_question(hall) as examiner:
        await _guessed(examiner, "Let me think.")
        await _spoken(examiner, "Let me think.", reused=True)
        await _spoken(examiner, "Let me think.", reused=False)
        assert len(await hall.records.turns(examiner.sitting.id)) == 5


async def test_a_guess_waits_for_what_is_being_kept(hall: Hall) -> None:
    async with _at_first_question(hall) as examiner:
        skipped = examiner.submit(Command(name="skip"))
        guess = examiner.guess(StudentSpoke(text="B."))
        async with asyncio.timeout(10):
            words = await _spoken(examiner, "B.", reused=True)
        assert skipped.committed.done()
        assert guess.utterances[-1].text == "What is 3² + 1?"
        assert words[-1] == "What is 3² + 1?"


class _Failing(ScriptedUnderstanding):
    """Cannot make out what is half said."""

    async def understand(self, heard: Heard, context: Context) -> Understood:
        if heard.text.endswith("…"):
            raise RuntimeError("not understood")
        return await super().understand(heard, context)


async def test_a_guess_that_fails_does_no_harm(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting, understanding=_Failing()) as examiner:
        await _to_first_question(examiner)
        guess = await _guessed(examiner, "It makes atp by respiration…")
        assert guess.utterances == []
        await eventually(lambda: "a guess failed" in caplog.text)
        assert SECOND in await _spoken(examiner, ANSWER, reused=False)
    assert "atp" not in caplog.text, "no word of a student's in the log"


def test_words_are_the_same_but_for_case_and_punctuation() -> None:
    assert same_words("Yes, it's ATP.", "yes it's atp")
    assert not same_words("It makes ATP.", "It makes ADP.")
    assert not same_words("It makes", "It makes ATP.")

"""No dead air: while an answer is still being understood, the thanks for it come at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from exam_graph.events import Started, StudentSpoke
from exam_graph.understanding import Context, Heard, Understood
from tests.flow.conftest import Hall, ScriptedUnderstanding, eventually, kinds, said, told
from worker.examiner import Examiner
from worker.turn import Turn

pytestmark = pytest.mark.flow

PART = "It makes atp."
PROBE = "By what process?"


class Slow(ScriptedUnderstanding):
    """Knows what was meant when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.may = asyncio.Event()
        self.may.set()
        self.overheard: list[tuple[str, Context]] = []
        self.meaning: Understood | None = None

    def overhear(self, heard: Heard, context: Context) -> None:
        self.overheard.append((heard.text, context))

    async def understand(self, heard: Heard, context: Context) -> Understood:
        await self.may.wait()
        return self.meaning or await super().understand(heard, context)


@asynccontextmanager
async def at_first_question(hall: Hall, slow: Slow) -> AsyncIterator[Examiner]:
    async with hall.holding(await hall.sitting(), understanding=slow) as examiner:
        for event in (Started(), "I see a window.", "Bread and tea."):
            await told(examiner, event)
        slow.may.clear()
        yield examiner


async def _first_words(turn: Turn) -> str:
    await eventually(lambda: bool(turn.utterances))
    return turn.utterances[0].kind


async def test_thanks_come_before_it_is_understood_and_the_rest_joins_them(hall: Hall) -> None:
    slow = Slow()
    async with at_first_question(hall, slow) as examiner:
        turn = examiner.submit(StudentSpoke(text=PART))
        assert await _first_words(turn) == "acknowledgement"
        slow.may.set()
        words = await said(turn)
        assert words[1:] == [PROBE]


async def test_a_guess_is_silent_until_it_is_certain(hall: Hall) -> None:
    slow = Slow()
    async with at_first_question(hall, slow) as examiner:
        guess = examiner.guess(StudentSpoke(text=PART))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not guess.utterances
        turn, reused = examiner.student_spoke(StudentSpoke(text=PART))
        assert reused
        assert await _first_words(turn) == "acknowledgement"
        slow.may.set()
        assert (await said(turn))[1:] == [PROBE]


@pytest.mark.parametrize("late", [False, True])
async def test_the_student_hears_the_same_either_way(hall: Hall, late: bool) -> None:
    slow = Slow()
    async with at_first_question(hall, slow) as examiner:
        if not late:
            slow.may.set()
        turn = examiner.submit(StudentSpoke(text=PART))
        if late:
            await _first_words(turn)
            slow.may.set()
        await said(turn)
        assert kinds(turn.utterances) == ["acknowledgement", "probe"]


@pytest.mark.parametrize(
    "words", ["Could you repeat that?", "How much time is left?", "Let me think."]
)
async def test_nothing_else_is_thanked_for(hall: Hall, words: str) -> None:
    slow = Slow()
    async with at_first_question(hall, slow) as examiner:
        turn = examiner.submit(StudentSpoke(text=words))
        for _ in range(50):
            await asyncio.sleep(0)
        assert not turn.utterances
        slow.may.set()
        await said(turn)
        assert "acknowledgement" not in kinds(turn.utterances)


async def test_who_was_thanked_is_not_listened_to_further(hall: Hall) -> None:
    slow = Slow()
    async with at_first_question(hall, slow) as examiner:
        slow.meaning = Understood("answer", unfinished=True)
        turn = examiner.submit(StudentSpoke(text=PART))
        await _first_words(turn)
        slow.may.set()
        await said(turn)
        assert kinds(turn.utterances) == ["acknowledgement", "probe"]
        assert not examiner.state["waiting"]


async def test_thanks_are_never_the_same_twice_running(hall: Hall) -> None:
    slow = Slow()
    async with at_first_question(hall, slow) as examiner:
        thanks = []
        for words in (PART, "By respiration."):
            slow.may.clear()
            turn = examiner.submit(StudentSpoke(text=words))
            await _first_words(turn)
            slow.may.set()
            thanks.append((await said(turn))[0])
        assert thanks[0] != thanks[1]


async def test_a_replay_comes_to_the_same_state(hall: Hall) -> None:
    slow = Slow()
    sitting = await hall.sitting("other")
    async with at_first_question(hall, slow) as examiner:
        slow.meaning = Understood("distress")
        turn = examiner.submit(StudentSpoke(text=PART))
        await _first_words(turn)
        slow.may.set()
        await said(turn)
        assert kinds(turn.utterances)[0] == "acknowledgement"
        assert len(turn.utterances) > 1
        expected = examiner.state
        turns = await hall.records.turns(examiner.sitting.id)
    async with hall.examiner(sitting):
        pass
    for each in turns:
        await hall.records.commit_turn(sitting.id, 1, each)
    async with hall.examiner(sitting) as examiner:
        assert examiner.state == expected


async def test_understanding_overhears_the_answer_in_its_context(hall: Hall) -> None:
    slow = Slow()
    async with at_first_question(hall, slow) as examiner:
        slow.may.set()
        await told(examiner, PART)
        before = await hall.kept(examiner.sitting)
        examiner.overhear(StudentSpoke(text="By res"))
        assert await hall.kept(examiner.sitting) == before
    ((words, context),) = slow.overheard
    assert words == "By res"
    assert context.question is not None
    assert context.question.id == "mitochondria"
    assert context.answer_so_far == PART
    assert not context.probing, "the one probe was asked"

"""The clock's marks come into the exam at pauses, each once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from exam_graph.events import Command, Started, TimePassed
from tests.flow.conftest import Hall, HandClock, eventually, kinds, told
from worker.examiner import Examiner
from worker.timekeeper import keep_time
from worker.turn import Turn

pytestmark = pytest.mark.flow


@dataclass
class Room:
    """Who speaks, and what the clock brought in."""

    examiner: Examiner
    clock: HandClock
    silence: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    acted: asyncio.Queue[Turn] = field(default_factory=asyncio.Queue)

    async def quiet(self) -> None:
        self.waiting.set()
        await self.silence.wait()

    async def act(self, event: TimePassed) -> Turn:
        turn = self.examiner.submit(event)
        self.acted.put_nowait(turn)
        return turn

    async def advance(self, seconds: float) -> None:
        """Lets time pass once the timekeeper sleeps."""
        await eventually(lambda: self.clock.slept_on)
        self.clock.advance(seconds)

    async def brought(self) -> tuple[int, list[str]]:
        """The next mark, and the kinds of what was said about it."""
        async with asyncio.timeout(5):
            turn = await self.acted.get()
        await turn.committed
        assert isinstance(turn.event, TimePassed)
        return turn.event.mark, kinds(turn.utterances)


@asynccontextmanager
async def _room(hall: Hall) -> AsyncIterator[Room]:
    """At the first question of a 12 minute exam, the timekeeper at work, nobody speaking."""
    clock = HandClock()
    async with hall.holding(await hall.sitting(), clock=clock) as examiner:
        room = Room(examiner, clock)
        room.silence.set()
        keeping = asyncio.create_task(
            keep_time(examiner, quiet=room.quiet, act=room.act, sleep=clock.sleep)
        )
        for event in (Started(), "I see a window.", "Bread and tea."):
            await told(examiner, event)
        yield room
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_each_mark_comes_once_and_the_last_ends_the_exam(hall: Hall) -> None:
    async with _room(hall) as room:
        brought = []
        for minutes in (7, 3, 1, 1):
            await room.advance(minutes * 60)
            brought.append(await room.brought())
        assert brought == [(5, ["warning"]), (2, ["warning"]), (1, ["warning"]), (0, ["closing"])]
        assert room.examiner.finished
        assert room.acted.empty()


async def test_a_mark_waits_until_nobody_speaks(hall: Hall) -> None:
    async with _room(hall) as room:
        room.silence.clear()
        room.waiting.clear()
        await room.advance(7 * 60)
        await room.waiting.wait()
        assert room.acted.empty()
        room.silence.set()
        assert await room.brought() == (5, ["warning"])


async def test_a_mark_that_a_reply_dealt_with_is_not_said_again(hall: Hall) -> None:
    async with _room(hall) as room:
        room.silence.clear()
        await room.advance(7 * 60)
        words = await told(room.examiner, "It makes atp.")
        assert words[0] == "You have 5 minutes left."
        room.silence.set()
        assert await room.brought() == (5, [])


async def test_turns_in_between_do_not_disturb_the_marks(hall: Hall) -> None:
    async with _room(hall) as room:
        for _ in range(3):
            await room.advance(60)
            await told(room.examiner, "How many questions are left?")
        assert room.acted.empty()
        await room.advance(4 * 60)
        assert await room.brought() == (5, ["warning"])


async def test_no_mark_comes_in_a_pause(hall: Hall) -> None:
    async with _room(hall) as room:
        await told(room.examiner, Command(name="pause"))
        await eventually(lambda: not room.clock.slept_on)
        room.clock.advance(3600)
        await told(room.examiner, Command(name="pause"))
        assert room.acted.empty()
        await room.advance(7 * 60)
        assert await room.brought() == (5, ["warning"])


async def test_it_ends_with_the_exam(hall: Hall) -> None:
    clock = HandClock()
    async with hall.holding(await hall.sitting(), clock=clock) as examiner:
        room = Room(examiner, clock)
        keeping = asyncio.create_task(
            keep_time(examiner, quiet=room.quiet, act=room.act, sleep=clock.sleep)
        )
        for event in (Started(), Command(name="end"), "Yes."):
            await told(examiner, event)
        async with asyncio.timeout(5):
            await keeping
        assert room.acted.empty()


async def test_after_a_takeover_time_stands_still_until_the_student_is_back(hall: Hall) -> None:
    sitting = await hall.sitting()
    clock = HandClock()
    async with hall.holding(sitting, clock=clock) as examiner:
        for event in (Started(), "I see a window.", "Bread and tea."):
            await told(examiner, event)
    async with hall.holding(sitting, clock=clock) as examiner:
        room = Room(examiner, clock)
        room.silence.set()
        keeping = asyncio.create_task(
            keep_time(examiner, quiet=room.quiet, act=room.act, sleep=clock.sleep)
        )
        turn = await examiner.returned()
        assert not clock.slept_on
        await turn.committed
        await room.advance(7 * 60)
        assert await room.brought() == (5, ["warning"])
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)

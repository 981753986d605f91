"""Silence comes into the exam when it has lasted long enough, and so does the end of a break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from exam_graph import silence
from exam_graph.events import BreakOver, Command, Event, Silence, Started
from tests.flow.conftest import CELLS, Hall, HandClock, eventually, told
from worker.attention import keep_attention
from worker.examiner import Examiner
from worker.turn import Turn

pytestmark = pytest.mark.flow

THINK_S = 20.0


@dataclass
class Room:
    """Who is heard, and what silence brought in."""

    examiner: Examiner
    clock: HandClock
    quiet_since: float
    silent: asyncio.Event = field(default_factory=asyncio.Event)
    acted: asyncio.Queue[Event] = field(default_factory=asyncio.Queue)

    def keep_attention(self) -> asyncio.Task[None]:
        return asyncio.create_task(
            keep_attention(
                self.examiner,
                quiet=self.quiet,
                quiet_since=lambda: self.quiet_since,
                act=self.act,
                sleep=self.clock.sleep,
            )
        )

    async def quiet(self) -> None:
        await self.silent.wait()

    async def act(self, event: Event) -> Turn:
        turn = self.examiner.submit(event)
        await turn.committed
        self.heard()
        self.acted.put_nowait(event)
        return turn

    def heard(self) -> None:
        """Somebody was heard until now."""
        self.quiet_since = self.clock.now()

    async def says(self, event: Event | str) -> None:
        await told(self.examiner, event)
        self.heard()

    async def pass_time(self, seconds: float) -> None:
        """Once somebody waits for it, time passes; and all that follows from it happens."""
        await eventually(lambda: self.clock.slept_on)
        self.clock.advance(seconds)
        for _ in range(20):
            await asyncio.sleep(0)

    async def brought(self) -> Event:
        async with asyncio.timeout(5):
            return await self.acted.get()


@asynccontextmanager
async def _room(hall: Hall, **profile: Any) -> AsyncIterator[Room]:
    """At the first question, nobody speaking."""
    clock = HandClock()
    sitting = await hall.sitting(paper=CELLS, profile=profile)
    async with hall.holding(sitting, clock=clock) as examiner:
        for event in (Started(), "I see a window.", "Bread and tea."):
            await told(examiner, event)
        room = Room(examiner, clock, clock.now())
        room.silent.set()
        keeping = room.keep_attention()
        yield room
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_silence_is_counted_after_the_time_to_think_and_then_level_by_level(
    hall: Hall,
) -> None:
    async with _room(hall) as room:
        await room.pass_time(THINK_S + silence.CHECK_IN_S - 0.1)
        assert room.acted.empty()
        await room.pass_time(0.1)
        assert await room.brought() == Silence(level=1)
        await room.pass_time(silence.CHECK_IN_S)
        assert await room.brought() == Silence(level=2)
        await room.pass_time(silence.CHECK_IN_S)
        assert await room.brought() == Silence(level=3)
        assert room.examiner.state["position"] == 1


async def test_whoever_is_heard_makes_the_wait_start_again(hall: Hall) -> None:
    async with _room(hall) as room:
        await room.pass_time(30)
        room.heard()
        await room.pass_time(30)
        assert room.acted.empty()
        await room.pass_time(5)
        assert await room.brought() == Silence(level=1)


async def test_nothing_is_brought_in_while_somebody_speaks(hall: Hall) -> None:
    async with _room(hall) as room:
        await eventually(lambda: room.clock.slept_on)
        room.silent.clear()
        await room.pass_time(60)
        assert room.acted.empty()
        room.heard()
        room.silent.set()
        await room.pass_time(THINK_S + silence.CHECK_IN_S)
        assert await room.brought() == Silence(level=1)


async def test_who_wants_to_think_is_left_alone_for_longer_than_who_said_half_a_sentence(
    hall: Hall,
) -> None:
    async with _room(hall) as room:
        await room.says("Let me think.")
        await room.pass_time(THINK_S)
        assert await room.brought() == Silence(level=1)


async def test_the_profile_makes_it_more_patient(hall: Hall) -> None:
    async with _room(hall, pause_patience=2.0, think_factor=3.0) as room:
        await room.pass_time(3 * THINK_S + 2 * silence.CHECK_IN_S - 0.1)
        assert room.acted.empty()
        await room.pass_time(0.1)
        assert await room.brought() == Silence(level=1)


async def test_in_a_pause_there_is_no_silence(hall: Hall) -> None:
    async with _room(hall) as room:
        await room.says(Command(name="pause"))
        await eventually(lambda: not room.clock.slept_on)
        room.clock.advance(3600)
        await room.says(Command(name="pause"))
        await room.pass_time(THINK_S + silence.CHECK_IN_S - 1)
        assert room.acted.empty()
        await room.pass_time(1)
        assert await room.brought() == Silence(level=1)


async def test_a_break_is_over_after_its_minutes_whoever_speaks_in_it(hall: Hall) -> None:
    async with _room(hall, breaks=1, break_minutes=5.0) as room:
        await room.says("I need a break.")
        assert room.examiner.state["break_minutes"] == 5.0
        assert room.examiner.state["paused"]
        for _ in range(4):
            await room.pass_time(60)
            room.heard()
        assert room.acted.empty()
        await room.pass_time(60)
        assert await room.brought() == BreakOver()
        assert not room.examiner.state["paused"]


async def test_a_break_that_was_ended_early_does_not_end_again(hall: Hall) -> None:
    async with _room(hall, breaks=1, break_minutes=1.0) as room:
        await room.says("I need a break.")
        await room.pass_time(10)
        await room.says("Go on.")
        assert not room.examiner.state["paused"]
        await room.pass_time(THINK_S + silence.CHECK_IN_S)
        assert await room.brought() == Silence(level=1)


async def test_it_ends_with_the_exam(hall: Hall) -> None:
    clock = HandClock()
    async with hall.holding(await hall.sitting(), clock=clock) as examiner:
        room = Room(examiner, clock, clock.now())
        room.silent.set()
        keeping = room.keep_attention()
        for event in (Started(), Command(name="end"), "Yes."):
            await told(examiner, event)
        async with asyncio.timeout(5):
            await keeping
        assert room.acted.empty()

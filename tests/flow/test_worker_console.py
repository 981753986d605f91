"""A whole exam typed in a terminal, greeting and clock included."""

import asyncio
import io
from collections.abc import AsyncIterator

import pytest
from rich.console import Console

from records.errors import StaleFence
from tests.flow.conftest import Hall, HandClock, eventually
from tests.takeover import take_over
from worker import timekeeper
from worker.console import TextConsole
from worker.examiner import Examiner

pytestmark = pytest.mark.flow


async def _lines(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        yield line


async def _held(examiner: Examiner, lines: AsyncIterator[str]) -> tuple[bool, str]:
    screen = Console(file=io.StringIO(), width=200)
    over = await TextConsole(examiner, screen).hold(lines)
    assert isinstance(screen.file, io.StringIO)
    return over, screen.file.getvalue()


async def test_a_whole_exam(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.examiner(sitting) as examiner:
        over, screen = await _held(
            examiner,
            _lines(
                *("I see a window.", "Bread and tea.", "/repeat", "It makes atp by respiration."),
                *("", "B.", "/skip", "/pause", "/pause", "Water, gases, but no ions.", "No."),
            ),
        )
    assert over
    assert "Cells, oral" in screen
    assert screen.count("examiner  How does a mitochondrion serve the cell?") == 2
    assert "A: Proton. B: e⁻." in screen
    assert "question 1/4, 12 minutes left" in screen
    assert "The exam is paused." in screen
    assert [each.status for each in await hall.records.answers(sitting.id)] == [
        *("answered", "answered", "skipped", "answered")
    ]


async def test_leaving_keeps_the_exam_and_coming_back_goes_on(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.examiner(sitting) as examiner:
        over, _ = await _held(examiner, _lines("I see a window.", "Bread and tea."))
    assert not over
    async with hall.examiner(sitting) as examiner:
        over, screen = await _held(examiner, _lines("/end", "Yes."))
    assert over
    assert "Welcome back. We were on question 1 of 4." in screen


async def test_the_end_of_time_needs_no_more_typing(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = HandClock()
    monkeypatch.setattr(timekeeper.keep_time, "__kwdefaults__", {"sleep": clock.sleep})
    asked = asyncio.Event()

    async def typing() -> AsyncIterator[str]:
        yield "I see a window."
        yield "Bread and tea."
        asked.set()
        await asyncio.Event().wait()

    async with hall.examiner(await hall.sitting(), clock=clock) as examiner:
        held = asyncio.create_task(_held(examiner, typing()))
        await asked.wait()
        for _ in range(5):
            await eventually(lambda: held.done() or clock.slept_on)
            clock.advance(12 * 60)
        over, screen = await held
    assert over
    assert "The time is up." in screen


async def test_what_stops_the_examiner_is_not_hidden(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.examiner(sitting) as examiner:
        await take_over(hall.records, sitting.id)
        with pytest.raises(StaleFence, match="claimed by another worker"):
            await _held(examiner, _lines("I see a window."))

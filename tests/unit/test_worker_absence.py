"""A student's absence: how much of it counts, and when it is too long."""

import asyncio

import pytest

from tests.flow.conftest import HandClock
from worker.absence import Absence

pytestmark = pytest.mark.unit


def test_what_the_student_is_away_for_counts() -> None:
    clock = HandClock()
    absence = Absence(clock, 300)
    clock.advance(50)
    absence.end()
    assert absence.take_ms() == 0, "before the student first came"
    absence.begin(counts=True)
    clock.advance(20)
    absence.begin(counts=True)
    clock.advance(1.5)
    absence.end()
    absence.begin(counts=False)
    clock.advance(100)
    absence.end()
    assert absence.take_ms() == 21_500
    assert absence.take_ms() == 0


async def test_an_absence_is_too_long_after_the_grace_and_not_before() -> None:
    clock = HandClock()
    absence = Absence(clock, 300)
    waiting = asyncio.create_task(absence.too_long(clock.sleep))

    async def after(seconds: float) -> bool:
        for _ in range(5):
            await asyncio.sleep(0)
        clock.advance(seconds)
        for _ in range(5):
            await asyncio.sleep(0)
        return waiting.done()

    assert not await after(299)
    absence.end()
    assert not await after(600)
    absence.begin(counts=True)
    assert not await after(299)
    assert await after(1)

"""The same exam, killed at moments that nobody chose: it always ends whole."""

import asyncio
import contextlib
import random

import psutil
import pytest

from tests.faults.figures import Figures
from tests.faults.house import ANSWERS, TYPED, House
from tests.faults.page import Page
from tests.faults.student import Student

pytestmark = [pytest.mark.live, pytest.mark.slow_fault, pytest.mark.timeout(1800)]

#: From the examiner's coming to what is surely the last question, in seconds.
LENGTH_S = 60.0
#: So many exams at once are what a small machine carries.
AT_ONCE = 4
SEED = 20


def _moments(count: int) -> list[float]:
    drawn = random.Random(SEED)
    return sorted(drawn.uniform(0.5, LENGTH_S) for _ in range(count))


async def _killed_after(house: House, link: str, seconds: float, figures: Figures) -> str:
    """An exam whose examiner's process is killed so long after it came; where that was."""
    async with Page(link) as page:
        taking = asyncio.create_task(Student(page, ANSWERS).sit())
        await page.until(page.examiners)
        await asyncio.sleep(seconds)
        where = f"{seconds:.1f} s: {page.phase} {page.asked}"
        if not page.over and page.phase != "finished":
            # It may just have ended.
            with contextlib.suppress(psutil.NoSuchProcess):
                house.examiner_of(page.sitting)[1].kill()
        await taking
        await page.until(lambda: page.over, 120)
    await asyncio.to_thread(house.judge, page.sitting, figures)
    return where


async def _kill_at(house: House, moments: list[float], figures: Figures) -> None:
    await house.staff(1)
    places = asyncio.Semaphore(AT_ONCE)
    links = [house.invite(*TYPED) for _ in moments]

    async def one(link: str, seconds: float) -> str:
        async with places:
            return await _killed_after(house, link, seconds, figures)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(*each)) for each in zip(links, moments, strict=True)]
    print("\n".join(task.result() for task in tasks))


async def test_row_02_killed_at_twenty_random_moments(house: House, figures: Figures) -> None:
    """The same exam with its job killed at 20 random moments (seeded)."""
    figures.strike()
    await _kill_at(house, _moments(20), figures)

"""Exam after exam, and several at once: what the processes use goes back to where it began."""

import asyncio
from time import monotonic

import psutil
import pytest

from tests.faults.conftest import OpenHouse
from tests.faults.figures import Figures
from tests.faults.house import ANSWERS, TYPED, House
from tests.faults.page import Page
from tests.faults.scale import FULL, scaled
from tests.faults.student import Student
from tests.faults.usage import EVERY_S, Usage, plot, sampled
from tests.processes import ROOT

pytestmark = [pytest.mark.live, pytest.mark.slow_fault, pytest.mark.timeout(6000)]

EXAMS = 60 if FULL else 6
AT_ONCE = 4
TOGETHER = scaled(900, 90)
#: A job ends, and another is made ready, within so many seconds of an exam's end.
SETTLED_S = 20.0
#: Exams after which all that is loaded once has been loaded.
WARM = 2
#: What may be more at the end than it was at the beginning. Exams that leaked would each add to it.
MEMORY_MB, HANDLES = 30.0, 8
PLOT = ROOT / "reports" / "soak.png"


async def _exam(house: House, link: str) -> str:
    async with Page(link) as page:
        await Student(page, ANSWERS).farewell(180)
    return page.sitting


async def _exams(house: House, links: list[str], at_once: int) -> list[str]:
    places = asyncio.Semaphore(at_once)

    async def one(link: str) -> str:
        async with places:
            return await _exam(house, link)

    return await asyncio.gather(*(one(link) for link in links))


async def _together(house: House, seconds: float) -> list[str]:
    """Always so many at once, for so long."""
    until, taken = monotonic() + seconds, []

    async def one_after_another() -> None:
        while monotonic() < until:
            link = await asyncio.to_thread(house.invite, *TYPED, exam="one")
            taken.append(await _exam(house, link))

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return taken


def _processes(house: House) -> list[psutil.Process]:
    """The worker with all that it has started, the token API and the keeper."""
    return [*house.workers[0].tree(), house.token_api(), house.keeper()]


async def _settled(samples: list[Usage], processes: int | None = None) -> Usage:
    """The first sample without a room and without a process too many, after a while."""
    seen = len(samples) + round(SETTLED_S / EVERY_S)
    async with asyncio.timeout(120):
        while True:
            for each in samples[seen:]:
                if each.rooms == 0 and each.processes <= (processes or each.processes):
                    return each
            await asyncio.sleep(0.5)


async def test_row_32_exams_one_after_another_and_at_once(
    opening: OpenHouse, figures: Figures
) -> None:
    """60 short exams one after another, then 4 at once for 15 minutes."""
    figures.scale = EXAMS / 60
    together_s = figures.scaled(TOGETHER)
    with opening() as house:
        await house.staff(1)
        warm = [house.invite(*TYPED, exam="one") for _ in range(WARM)]
        links = [house.invite(*TYPED, exam="one") for _ in range(EXAMS)]
        async with (
            house.api() as livekit,
            sampled(lambda: _processes(house), livekit) as samples,
        ):
            try:
                await _exams(house, warm, 1)
                began = await _settled(samples)
                figures.strike()
                sittings = await _exams(house, links, 1)
                sittings += await _together(house, together_s)
                ended = await _settled(samples, began.processes)
            finally:
                plot(samples, PLOT)
        shown = f"{PLOT}: {began} to {ended}"
        assert ended.memory_mb <= began.memory_mb + MEMORY_MB, shown
        assert ended.handles <= began.handles + HANDLES, shown
        assert ended.processes <= began.processes, shown
        assert len(sittings) >= EXAMS + AT_ONCE
        statuses = [house.status(sitting) for sitting in sittings]
        assert set(statuses) == {"finished"}
        figures.lost = 0

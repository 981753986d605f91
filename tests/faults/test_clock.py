"""The machine's time of day jumps while an exam goes on."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from tests.faults.figures import Figures
from tests.faults.house import ANSWERS, TYPED, House
from tests.faults.page import Page
from tests.faults.student import Student

pytestmark = [pytest.mark.live, pytest.mark.slow_fault, pytest.mark.timeout(400)]

#: What the exam clock may be off by, when two processes tell the time of an event, in seconds.
EXACT_S = 2.0


def _library() -> str:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.fail("The fault tests need libfaketime: `sudo apt install faketime`.", False)
    return str(found[0])


@pytest.fixture
def jumping(house: House, tmp_path: Path) -> Iterator[Path]:
    """A worker whose time of day is what this file says; monotonic time is left alone."""
    file = tmp_path / "time"
    file.write_text("+0")
    house.dismiss()
    house.hire(
        LD_PRELOAD=_library(),
        FAKETIME_TIMESTAMP_FILE=str(file),
        # Without a cache it would read the file at each look at a clock: nothing else gets done.
        FAKETIME_CACHE_DURATION="1",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        DONT_FAKE_MONOTONIC="1",
        # Without it, waiting for a condition returns at once, again and again.
        FAKETIME_FORCE_MONOTONIC_FIX="0",
        PYTHONPATH=str(Path(__file__).parent / "faketime"),
    )
    yield file
    house.dismiss()


async def test_row_25_the_time_of_day_jumps(house: House, jumping: Path, figures: Figures) -> None:
    """The clock set forward by an hour and back by two in mid-exam (faketime)."""
    await house.workers[0].ready()
    async with Page(house.invite(*TYPED)) as page:
        student = Student(page, ANSWERS)
        await student.asked("rain")
        shown = [(monotonic(), _remaining_s(page))]
        figures.strike()
        for jump, question in (("+1h", "ice"), ("-1h", "moon"), ("+0", "")):
            await asyncio.to_thread(jumping.write_text, jump)
            # Long enough for every watch of time to have looked.
            await asyncio.sleep(3)
            await student.answer()
            if question:
                await student.asked(question)
                shown.append((monotonic(), _remaining_s(page)))
        await student.farewell()
        assert len(page.examiners()) == 1
        assert page.notices(after=figures.struck) == [], page.story()
    for (before, had), (after, has) in pairwise(shown):
        assert abs((had - has) - (after - before)) <= EXACT_S, shown
    record = house.judge(page.sitting, figures)
    events = {turn["event"]["type"] for turn in record["turns"]}
    assert events <= {"started", "student_spoke", "not_heard"}, events


def _remaining_s(page: Page) -> float:
    return int(page.attributes["voxam.remaining_ms"]) / 1000

"""Storage that is full, locked, damaged or emptied under a running worker."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from time import monotonic

import psutil
import pytest

from tests.faults.conftest import OpenHouse
from tests.faults.figures import TOLD_S, Figures
from tests.faults.house import ANSWERS, TYPED, House
from tests.faults.page import Page
from tests.faults.student import Student

pytestmark = [pytest.mark.live, pytest.mark.slow_fault, pytest.mark.timeout(400)]

LOCKED_S = 7.0
FULL_S = 8.0


def _turns(database: Path, sitting: str) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        query = "SELECT count(*) FROM turns WHERE sitting_id = ?"
        return int(connection.execute(query, (sitting,)).fetchone()[0])


@asynccontextmanager
async def _at_ice(house: House) -> AsyncIterator[tuple[Page, Student]]:
    async with Page(house.invite(*TYPED)) as page:
        student = Student(page, ANSWERS)
        await student.asked("ice")
        yield page, student


async def _waits(page: Page, figures: Figures) -> None:
    """The student is told in time, the clock stands, and the examiner says so."""
    struck = figures.struck
    figures.told(await page.first(lambda: page.notices("records_down", after=struck)))
    await page.until(lambda: page.clock == "paused")
    await page.until(
        lambda: page.said("our fault", after=struck) or page.said("no fault", after=struck)
    )


async def test_row_21_the_disk_is_full(house: House, figures: Figures) -> None:
    """No file of any process can grow any more (RLIMIT_FSIZE), in mid-exam."""
    await house.staff(1)
    async with _at_ice(house) as (page, student):
        _, job = house.examiner_of(page.sitting)
        journal = house.stack.database.with_name(f"{house.stack.database.name}-wal")
        before = _turns(house.stack.database, page.sitting)
        writers = [job, house.keeper(), house.token_api()]
        limits = job.rlimit(psutil.RLIMIT_FSIZE)
        figures.strike()
        # The next write to the journal is at its end, or at its beginning when it was emptied.
        for each in writers:
            each.rlimit(psutil.RLIMIT_FSIZE, (min(journal.stat().st_size, 4096), limits[1]))
        await student.answer()
        await _waits(page, figures)
        await asyncio.sleep(max(0.0, figures.struck + FULL_S - monotonic()))
        assert _turns(house.stack.database, page.sitting) == before
        for each in writers:
            each.rlimit(psutil.RLIMIT_FSIZE, limits)
        back = monotonic()
        await page.until(lambda: page.look("notice", "records_down", after=back))
        figures.recovered(monotonic())
        await student.farewell()
        assert len(page.examiners()) == 1, page.story()
    house.judge(page.sitting, figures)
    assert "storage fails" in house.logs()
    assert figures.told_s is not None
    assert figures.told_s <= TOLD_S


async def test_row_22_the_database_is_locked(house: House, figures: Figures) -> None:
    """Another program holds the lock of the database for 7 s."""
    await house.staff(1)
    async with _at_ice(house) as (page, student):
        with closing(sqlite3.connect(house.stack.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            figures.strike()
            before = _turns(house.stack.database, page.sitting)
            await student.answer()
            await _waits(page, figures)
            await asyncio.sleep(max(0.0, figures.struck + LOCKED_S - monotonic()))
            assert _turns(house.stack.database, page.sitting) == before
            assert page.said("recorded", after=figures.struck) == []
            other.execute("ROLLBACK")
        back = monotonic()
        await page.until(lambda: page.look("notice", "records_down", after=back))
        figures.recovered(monotonic())
        await student.farewell()
        assert len(page.examiners()) == 1, page.story()
    house.judge(page.sitting, figures)
    assert figures.told_s is not None
    assert figures.told_s <= TOLD_S


async def _restart(house: House) -> None:
    """Whatever has the old database open."""
    for each in (house.token_api(), house.keeper()):
        command = each.cmdline()
        each.kill()
        each.wait(5)
        await house.start(command).ready()


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _damage(file: Path) -> None:
    """All behind the first page, where the schema is, is overwritten."""
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xa5" * (size - 4096))


@pytest.mark.parametrize("spoil", [_empty, _damage], ids=["zero-length", "corrupt"])
async def test_row_23_the_database_is_spoilt(
    spoil: object, opening: OpenHouse, figures: Figures, tmp_path: Path
) -> None:
    """The database spoilt while no worker runs: no exam is begun in it; restored, it goes on."""
    with opening() as house:
        await house.staff(1)
        link = house.invite(*TYPED)
        async with Page(link, rejoins=False) as page:
            await Student(page, ANSWERS).asked("ice")
        house.stack.door("records", "backup", str(tmp_path / "backup"))
        house.dismiss()
        for name in ("-wal", "-shm"):
            house.stack.database.with_name(f"{house.stack.database.name}{name}").unlink(True)
        spoil(house.stack.database)  # type: ignore[operator]
        figures.strike()
        worker = house.hire()
        refused = await house.begin("ann")
        assert refused.status_code == 503, refused.text
        figures.noticed(monotonic())
        assert "examining" not in worker.written
        house.dismiss()
        house.stack.database.unlink()
        house.stack.door("records", "restore", str(tmp_path / "backup"))
        await _restart(house)
        await house.staff(1)
        async with Page(link) as page:
            await page.until(lambda: page.said("question 2 of 3"))
            figures.recovered(monotonic())
            await Student(page, ANSWERS).farewell()
        house.judge(page.sitting, figures)

"""Examiners that die, are missing, come twice, or are told to stop."""

import asyncio
import signal
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
from livekit import api

from records.dispatch import AGENT_NAME, Dispatch
from robot_student.voice import Voice
from tests.faults import proof, recorded
from tests.faults.conftest import OpenHouse
from tests.faults.figures import BACK_S, TOLD_S, Figures
from tests.faults.house import ANSWERS, TYPED, House
from tests.faults.page import Page
from tests.faults.scale import scaled
from tests.faults.student import LONG, Student
from tests.live.hearing import word_error_rate

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

#: How long a student waits for an examiner until that is an error, in seconds.
MISSING = scaled(60, 8)


async def _told_and_back(page: Page, struck: float, figures: Figures) -> None:
    figures.noticed(
        await page.first(
            lambda: page.look("examiner", "gone", after=struck) or page.notices(after=struck)
        )
    )
    figures.told(await page.first(lambda: page.notices(after=struck)))
    figures.recovered(await page.first(lambda: page.examiners(after=struck)))
    assert figures.told_s is not None
    assert figures.recovered_s is not None
    assert figures.told_s <= TOLD_S, page.story()
    assert figures.recovered_s <= BACK_S, page.story()


async def test_row_01_a_worker_killed_in_mid_answer(
    house: House, voice: Voice, figures: Figures, tmp_path: Path
) -> None:
    """kill -9 of the whole worker tree in mid-answer, another replica running."""
    await house.staff(2)
    await voice.prepare([LONG])
    async with Page(house.invite(), microphone=True, recording=True) as page:
        student = Student(page, ANSWERS | {"ice": LONG}, voice)
        await student.asked("ice")
        speaking = asyncio.create_task(student.answer())
        # The words so far are kept every five seconds while somebody speaks.
        await asyncio.sleep(8)
        worker, _ = house.examiner_of(page.sitting)
        struck = figures.strike()
        worker.kill_tree()
        killed = datetime.now(UTC)
        await speaking
        await _told_and_back(page, struck, figures)
        back = page.examiners(after=struck)[0].at
        for words in ("question 2 of 3", "so far", "Why does ice swim on water?"):
            await page.until(lambda words=words: page.said(words, after=back))  # type: ignore[misc]
        await student.farewell()
        assert len(page.examiners()) == 2, page.story()
    record = house.record(page.sitting)
    kept = {each["question_id"]: each["text"] for each in record["answers"]}
    figures.lost = sum(each["status"] != "answered" for each in record["answers"])
    assert figures.lost == 0
    proof.whole(record, ANSWERS)
    proof.unforked(house.database_url, page.sitting)
    assert word_error_rate(ANSWERS["rain"], kept["rain"]) <= 0.35
    length = len(LONG.split())
    draft, again = kept["ice"].split()[:-length], kept["ice"].split()[-length:]
    assert word_error_rate(LONG, " ".join(again)) <= 0.35, kept["ice"]
    assert len(draft) >= 5, kept["ice"]
    assert word_error_rate(" ".join(LONG.split()[: len(draft)]), " ".join(draft)) <= 0.6
    recorded.check(house.stack, page.sitting, killed, tmp_path / "whole.ogg")


@pytest.mark.slow_fault
async def test_row_02_a_job_killed_beside_another_one(house: House, figures: Figures) -> None:
    """kill -9 of the job's process only; another exam on that worker goes on untouched."""
    await house.staff(1)
    async with Page(house.invite(*TYPED)) as page, Page(house.invite(*TYPED)) as other:
        student, neighbour = Student(page, ANSWERS), Student(other, ANSWERS)
        await asyncio.gather(student.asked("ice"), neighbour.asked("rain"))
        _, job = house.examiner_of(page.sitting)
        struck = figures.strike()
        job.kill()
        beside = asyncio.create_task(neighbour.farewell())
        await _told_and_back(page, struck, figures)
        back = page.examiners(after=struck)[0].at
        await page.until(lambda: page.said("question 2 of 3", after=back))
        await student.farewell()
        assert len(page.examiners()) == 2, page.story()
        await beside
        assert len(other.examiners()) == 1
        assert other.notices() == [], other.story()
    house.judge(other.sitting, figures)
    house.judge(page.sitting, figures)


@pytest.mark.slow_fault
async def test_row_03_no_worker_runs(opening: OpenHouse, figures: Figures) -> None:
    """Dispatch while no worker runs: told, retried until one is there, clock not started."""
    missing_s = figures.scaled(MISSING)
    with opening(EXAMINER_MISSING_S=str(missing_s)) as house:
        link = house.invite(*TYPED)
        struck = figures.strike()
        async with Page(link) as page:
            figures.told(await page.first(lambda: page.notices("examiner_on_the_way")))
            assert figures.told_s is not None
            assert figures.told_s <= TOLD_S
            error = await page.first(lambda: page.notices("examiner_missing"), missing_s + 30)
            assert missing_s - 1 <= error - struck <= missing_s + TOLD_S
            assert page.examiners() == []
            (worker,) = await house.staff(1)
            hired = monotonic()
            await page.until(lambda: page.ready)
            # Longer than the keeper ever waits between two tries, and a job's start.
            assert page.examiners()[0].at - hired <= 20
            figures.recovered(page.examiners()[0].at)
            await page.until(lambda: page.phase == "soundcheck")
            assert page.clock == "paused"
            assert page.attributes["voxam.remaining_ms"] == "600000"
            await Student(page, ANSWERS).farewell()
        house.judge(page.sitting, figures)
        assert worker.alive


@pytest.mark.slow_fault
async def test_row_03_all_workers_are_full(opening: OpenHouse, figures: Figures) -> None:
    """Dispatch while all workers are full: told, and an examiner comes when one is free."""
    with opening(MAX_EXAMS="1", EXAMINER_MISSING_S=str(figures.scaled(MISSING))) as house:
        await house.staff(1)
        async with Page(house.invite(*TYPED)) as first:
            await first.until(lambda: first.ready)
            link = house.invite(*TYPED)
            figures.strike()
            async with Page(link) as second:
                figures.told(await second.first(second.notices))
                assert figures.told_s is not None
                assert figures.told_s <= TOLD_S
                await second.until(lambda: second.notices("examiner_missing"))
                assert second.examiners() == []
                await Student(first, ANSWERS).farewell()
                await second.until(lambda: second.ready)
                figures.recovered(second.examiners()[0].at)
                await Student(second, ANSWERS).farewell()
        house.judge(first.sitting, figures)
        house.judge(second.sitting, figures)


@pytest.mark.slow_fault
async def test_row_04_two_dispatches_for_one_sitting(house: House, figures: Figures) -> None:
    """Two more dispatches for a sitting that has an examiner, and a second worker to take them."""
    workers = await house.staff(2)
    async with Page(house.invite(*TYPED)) as page, house.api() as livekit:
        student = Student(page, ANSWERS)
        await student.asked("rain")
        figures.strike()
        for _ in range(2):
            await livekit.agent_dispatch.create_dispatch(
                api.CreateAgentDispatchRequest(
                    agent_name=AGENT_NAME,
                    room=page.place.room_name,
                    metadata=Dispatch(page.sitting).encode(),
                )
            )
        await _refused(house, 2)
        figures.noticed(monotonic())
        await student.farewell()
        assert len(page.examiners()) == 1, page.story()
    house.judge(page.sitting, figures)
    assert all(worker.alive for worker in workers)


async def _refused(house: House, count: int) -> None:
    async with asyncio.timeout(60):
        while house.logs().count("exam refused") < count:  # noqa: ASYNC110  in other processes
            await asyncio.sleep(0.1)


@pytest.mark.slow_fault
async def test_row_05_a_worker_that_is_told_to_stop_once(house: House, figures: Figures) -> None:
    """SIGTERM in mid-exam: it drains, takes no new exam, and the exam ends normally."""
    house.dismiss()
    (worker,) = await house.staff(1)
    async with Page(house.invite(*TYPED)) as page:
        student = Student(page, ANSWERS)
        await student.asked("rain")
        figures.strike()
        worker.process.send_signal(signal.SIGTERM)
        await worker.writes("draining")
        figures.noticed(monotonic())
        house.hire()
        await house.workers[1].ready()
        async with Page(house.invite(*TYPED)) as other:
            await other.until(lambda: other.ready)
            assert house.workers[1].examines(other.sitting)
            assert worker.examines(other.sitting) is None
        await student.farewell()
        assert len(page.examiners()) == 1
        assert page.notices(after=figures.struck) == []
    assert await worker.ends(30) == 0
    house.judge(page.sitting, figures)


@pytest.mark.slow_fault
async def test_row_05_a_worker_that_is_told_to_stop_twice(house: House, figures: Figures) -> None:
    """SIGTERM in mid-exam, and a second one: as if killed, another worker goes on."""
    await house.staff(2)
    async with Page(house.invite(*TYPED)) as page:
        student = Student(page, ANSWERS)
        await student.asked("ice")
        worker, _ = house.examiner_of(page.sitting)
        worker.process.send_signal(signal.SIGTERM)
        await worker.writes("draining")
        struck = figures.strike()
        worker.process.send_signal(signal.SIGTERM)
        await _told_and_back(page, struck, figures)
        await student.farewell()
        assert len(page.examiners()) == 2, page.story()
    assert await worker.ends(5) == 1
    house.judge(page.sitting, figures)

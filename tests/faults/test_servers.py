"""LiveKit, the database and the token API that go away in an exam, and come back."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.faults.conftest import OpenHouse
from tests.faults.figures import TOLD_S, Figures
from tests.faults.house import ANSWERS, TYPED, House
from tests.faults.livekit_server import MortalLiveKit
from tests.faults.page import Page
from tests.faults.proxy import Proxy, running_proxy
from tests.faults.scale import FULL, scaled
from tests.faults.student import Student
from tests.postgres import Postgres

pytestmark = [pytest.mark.live, pytest.mark.timeout(700 if FULL else 400)]

LIVEKIT_SHORT = scaled(10, 5)
LIVEKIT_LONG = scaled(180, 45)
DATABASE = scaled(20, 8)


def _remaining_ms(page: Page) -> int:
    return int(page.attributes["voxam.remaining_ms"])


@pytest.mark.slow_fault
@pytest.mark.parametrize(
    "away",
    [
        pytest.param(LIVEKIT_SHORT, id="10 s"),
        pytest.param(LIVEKIT_LONG, id="180 s"),
    ],
)
async def test_row_06_livekit_is_down(
    away: object, opening: OpenHouse, tmp_path: Path, free_port: Callable[[], int], figures: Figures
) -> None:
    """livekit-server killed in mid-exam, and started again without its rooms."""
    livekit = MortalLiveKit(tmp_path, free_port)
    await livekit.start()
    try:
        with opening(livekit.server) as house:
            (worker,) = await house.staff(1)
            async with Page(house.invite(*TYPED)) as page:
                student = Student(page, ANSWERS)
                await student.asked("ice")
                remaining = _remaining_ms(page)
                struck = figures.strike()
                livekit.kill()
                figures.told(
                    await page.first(
                        lambda: (
                            page.look("room", "reconnecting", after=struck)
                            or page.look("room", "lost", after=struck)
                        )
                    )
                )
                await asyncio.sleep(figures.scaled(away))  # type: ignore[arg-type]
                await livekit.start()
                started = monotonic()
                await page.until(lambda: page.ready and page.examiners(after=started), 200)
                figures.recovered(page.examiners(after=started)[0].at)
                await student.farewell()
            assert worker.alive
            record = house.judge(page.sitting, figures)
            (back,) = [turn for turn in record["turns"] if turn["event"]["type"] == "returned"]
            gone_ms = back["used_ms"] - (600_000 - remaining)
            assert gone_ms < 3000, "the clock went on meanwhile"
            assert figures.told_s is not None
            assert figures.told_s <= TOLD_S
    finally:
        livekit.kill()


@pytest.fixture
def stoppable(postgres: Postgres) -> Iterator[Postgres]:
    """Runs again afterwards, whatever happens."""
    yield postgres
    postgres.stop()
    postgres.start()


@pytest.fixture
def proxied(postgres_url: str) -> Iterator[tuple[Proxy, str]]:
    """The way to the database, and its address through that."""
    port = int(postgres_url.rpartition("/")[0].rpartition(":")[2])
    with running_proxy(port) as proxy:
        yield proxy, postgres_url.replace(f":{port}/", f":{proxy.port}/")


async def _without_database(
    house: House, figures: Figures, stop: Callable[[], object], start: Callable[[], object]
) -> None:
    await house.staff(1)
    link, late = house.invite(*TYPED), "late@example.org"
    async with Page(link) as page:
        student = Student(page, ANSWERS)
        await student.asked("ice")
        struck = figures.strike()
        stop()
        began = monotonic()
        await student.answer()
        figures.told(await page.first(lambda: page.notices("records_down", after=struck)))
        await page.until(lambda: page.clock == "paused")
        refused = await house.begin(late)
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        await page.until(
            lambda: page.said("our fault", after=struck) or page.said("no fault", after=struck)
        )
        await asyncio.sleep(max(0.0, figures.scaled(DATABASE) - (monotonic() - began)))
        assert page.phase != "finished"
        start()
        back = monotonic()
        await page.until(lambda: page.look("notice", "records_down", after=back))
        figures.recovered(monotonic())
        await student.farewell()
        assert len(page.examiners()) == 1, page.story()
    record = house.judge(page.sitting, figures)
    assert any("records_failed" in turn["flags"] for turn in record["turns"])
    assert "storage fails" in house.logs()
    assert (await house.begin(late)).status_code == 200
    assert figures.told_s is not None
    assert figures.told_s <= TOLD_S


@pytest.mark.slow_fault
async def test_row_07_postgres_is_stopped_and_started(
    stoppable: Postgres, postgres_url: str, opening: OpenHouse, figures: Figures
) -> None:
    """Postgres stopped in mid-exam, and started again."""
    with opening(DATABASE_URL=postgres_url) as house:
        await _without_database(house, figures, stoppable.stop, stoppable.start)


@pytest.mark.slow_fault
async def test_row_07_postgres_is_there_and_stands_still(
    proxied: tuple[Proxy, str], opening: OpenHouse, figures: Figures
) -> None:
    """Every connection to Postgres stays open and nothing goes through."""
    proxy, url = proxied
    with opening(DATABASE_URL=url) as house:
        await _without_database(house, figures, proxy.stall, proxy.resume)


@pytest.mark.slow_fault
async def test_row_08_the_token_api_is_killed(house: House, figures: Figures) -> None:
    """kill -9 of the token API during the exam: the exam does not notice."""
    await house.staff(1)
    async with Page(house.invite(*TYPED)) as page:
        student = Student(page, ANSWERS)
        await student.asked("rain")
        figures.strike()
        api = house.token_api()
        command = api.cmdline()
        api.kill()
        await student.farewell()
        assert page.notices(after=figures.struck) == []
        assert len(page.examiners()) == 1
    house.judge(page.sitting, figures)
    await house.start(command).ready()

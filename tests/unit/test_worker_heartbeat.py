"""A page that no longer lives is missed after five seconds."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from worker.heartbeat import SILENT_S, Heartbeat

pytestmark = pytest.mark.unit


class Time:
    """Seconds that pass when somebody waits, and only then."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._turned = asyncio.Condition()

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        until = self.seconds + seconds
        async with self._turned:
            await self._turned.wait_for(lambda: self.seconds >= until - 1e-9)

    async def pass_by(self, seconds: float) -> None:
        async with self._turned:
            self.seconds += seconds
            self._turned.notify_all()
        for _ in range(5):
            await asyncio.sleep(0)


class Page:
    def __init__(self) -> None:
        self.time = Time()
        self.seen: list[str] = []
        self.heartbeat = Heartbeat(
            self.time,
            on_lost=lambda: self.seen.append("lost"),
            on_back=lambda: self.seen.append("back"),
            sleep=self.time.sleep,
        )


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    page = Page()
    watching = asyncio.create_task(page.heartbeat.watch())
    await asyncio.sleep(0)
    yield page
    watching.cancel()


async def test_a_page_that_beats_is_not_missed(page: Page) -> None:
    for _ in range(30):
        page.heartbeat.beat()
        await page.time.pass_by(1)
    assert page.seen == []


async def test_silence_is_an_absence_and_the_next_beat_ends_it(page: Page) -> None:
    page.heartbeat.beat()
    await page.time.pass_by(SILENT_S - 0.1)
    assert page.seen == []
    await page.time.pass_by(0.2)
    assert page.seen == ["lost"]
    await page.time.pass_by(60)
    page.heartbeat.beat()
    assert page.seen == ["lost", "back"]
    await page.time.pass_by(1)
    await page.time.pass_by(SILENT_S)
    assert page.seen == ["lost", "back", "lost"]


async def test_a_page_that_never_beat_is_never_missed(page: Page) -> None:
    await page.time.pass_by(100)
    assert page.seen == []


async def test_who_has_left_the_room_is_not_missed_once_more(page: Page) -> None:
    page.heartbeat.beat()
    await page.time.pass_by(1)
    page.heartbeat.forget()
    await page.time.pass_by(100)
    assert page.seen == []
    page.heartbeat.beat()
    assert page.seen == [], "a page that is new was never lost"

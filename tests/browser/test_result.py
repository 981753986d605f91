"""The student's result in a real browser: from the link of the invitation to an appeal."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest
import pytest_asyncio
import uvicorn
from playwright.async_api import Page, expect
from pydantic import SecretStr
from starlette.types import ASGIApp

from desk.app import create_app as create_desk
from desk.settings import Settings as DeskSettings
from records.desk_store import DeskStore
from tests import cohort
from tests.desk import SECRET, add_teachers, new_database
from tests.results import invite
from tests.stand_ins.eyes import look
from tests.stand_ins.livekit_api import LiveKitStandIn
from token_api.app import create_app as create_token_api
from token_api.settings import Settings as TokenSettings

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PAPER = cohort.PAPER | {"title": "Cell biology, oral", "feedback": "full"}


@dataclass(frozen=True)
class House:
    """Both services on one database. `sitting` is ann's, marked."""

    exams: str
    desk: str
    database: Path
    sitting: str

    async def release(self) -> None:
        store = await DeskStore.open(f"sqlite:///{self.database}")
        await store.release(self.sitting, "root")
        await store.close()

    async def reply(self, text: str) -> None:
        store = await DeskStore.open(f"sqlite:///{self.database}")
        (root,) = await store.teachers()
        made, _ = (await store.appeals(root))[0]
        await store.answer_appeal(made.id, text, "root")
        await store.close()


@asynccontextmanager
async def _serving(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    # Its end waits for no browser, and yet closes what is open.
    config = uvicorn.Config(app, ws="none", log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await running


def _listener() -> tuple[socket.socket, str]:
    listener = socket.create_server(("127.0.0.1", 0))
    return listener, f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest_asyncio.fixture(loop_scope="session")
async def house(web_dist: Path, tmp_path: Path) -> AsyncIterator[House]:
    database = new_database(tmp_path)
    await asyncio.to_thread(add_teachers, database, root=None)
    url = f"sqlite:///{database}"
    sitting = (await cohort.sit(url, "ann", paper=PAPER))["ann"]
    await cohort.grade(url, {sitting: (cohort.mark("q1", 1.5), cohort.mark("q2", 0))})
    exams, exams_url = _listener()
    desk, desk_url = _listener()
    token_api = create_token_api(
        TokenSettings(
            livekit_api_key="key",
            livekit_api_secret=SecretStr("a" * 40),
            token_api_key=SecretStr("k" * 40),
            invitation_secret=SecretStr(SECRET),
            database_url=url,
            public_url=exams_url,
            desk_url=desk_url,
            web_dist=web_dist,
        ),
        cast(aiohttp.ClientSession, LiveKitStandIn()),
    )
    teachers = create_desk(
        DeskSettings(
            database_url=url,
            desk_key=SecretStr("k" * 40),
            desk_url=desk_url,
            invitation_secret=SecretStr(SECRET),
            recordings_url="",
        )
    )
    async with _serving(token_api, exams), _serving(teachers, desk):
        yield House(exams_url, desk_url, database, sitting)


async def _link(house: House, **changes: Any) -> str:
    token = await asyncio.to_thread(invite, house.database, "ann", **changes)
    return f"{house.exams}/#invitation={token}"


async def test_from_the_link_to_an_appeal_and_its_answer(page: Page, house: House) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    link = await _link(house, days=-1)
    await page.goto(link)
    await expect(page.locator("#result-title")).to_have_text("You have finished this exam")
    await expect(page.locator("#lobby")).to_be_hidden()
    await look(page, "result-not-released")

    await house.release()
    await page.reload()
    await expect(page.locator("#result-title")).to_have_text("Your result is there")
    await page.focus("#result-link")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{house.desk}/result/view/{house.sitting}")
    await expect(page.locator("main")).to_contain_text("1.5 of 4 marks")
    await expect(page.locator(".points.right")).to_contain_text("it makes ATP")
    await expect(page.locator(".points.partly")).to_contain_text("it uses oxygen")
    await look(page, "result", dark=True)

    await page.locator("#q1 summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("I said that it burns sugar with oxygen.")
    await look(page, "result-appealing")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".note")).to_contain_text("with your teacher")
    await expect(page.locator("#q1")).to_contain_text("Your teacher has not answered yet.")
    await expect(page.locator("#q1 form")).to_have_count(0)

    await house.reply("You did not say it aloud; the mark stays.")
    await page.reload()
    await expect(page.locator("#q1")).to_contain_text("You did not say it aloud")
    await look(page, "result-answered")
    await page.click("text=Close my result")
    await page.goto(f"{house.desk}/result/view/{house.sitting}")
    await expect(page.locator("main")).to_contain_text("open the link of your invitation again")
    token = link.partition("=")[2]
    assert asked
    assert not [url for url in asked if token in url.partition("#")[0]]
    assert await page.evaluate("location.href.includes('invitation=')") is False


async def test_another_attempt_and_the_earlier_result_are_both_offered(
    page: Page, house: House
) -> None:
    await house.release()
    await page.goto(await _link(house))
    await expect(page.locator("#join")).to_be_visible()
    await expect(page.locator("#earlier")).to_contain_text("there is a result")
    await look(page, "lobby-with-result")
    await page.click("#earlier-link")
    await expect(page.locator("main")).to_contain_text("1.5 of 4 marks")


async def test_a_link_that_shows_nothing_says_so(page: Page, house: House) -> None:
    await page.goto(f"{house.desk}/result#invitation=a.b.c")
    await expect(page.locator("#trouble")).to_contain_text("This link shows no result.")
    await look(page, "result-no-link")

"""The desk's pages about a class, in a real browser: figures, invitations, papers, a print."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from bench.school import School, build
from tests.desk import PASSWORD, add_teachers, serving, settings
from tests.stand_ins.eyes import SCREENSHOTS, look

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SIZE = 60
TABLE = "ask,marks,points\nWhy is a cell small?,2,surface|1; volume|1\nHow so?,x,a|1\nWhy?,1,\n"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Where it is."""
    database = tmp_path_factory.mktemp("class") / "voxam.db"
    school = School(sittings=SIZE, provisional=True)
    await asyncio.to_thread(build, f"sqlite:///{database}", school)
    await asyncio.to_thread(add_teachers, database, eve=["cells", "biology"])
    async with serving(settings(database)) as origin:
        yield origin


async def _sign_in(page: Page, origin: str) -> None:
    await page.goto(origin)
    await page.fill("[name=name]", "eve")
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Sittings")


async def test_the_figures_of_an_exam_are_drawn_and_told(page: Page, desk: str) -> None:
    await _sign_in(page, desk)
    await page.get_by_role("link", name="Exams").click()
    await look(page, "desk-exams")
    await page.get_by_role("link", name="cells", exact=True).click()
    await expect(page.locator("h1")).to_contain_text("Cell biology")
    await expect(page.get_by_role("note").first).to_contain_text("Provisional marks.")
    pictures = page.locator("figure img")
    await expect(pictures).to_have_count(5)
    for number in range(5):
        await pictures.nth(number).scroll_into_view_if_needed()
        await page.wait_for_function(
            "n => document.querySelectorAll('figure img')[n].naturalWidth > 100", arg=number
        )
    await page.get_by_text("Marks as a table").click()
    await look(page, "desk-cohort", dark=True)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Excel").click()
    assert (await download.value).suggested_filename.endswith(".xlsx")


async def test_a_class_is_invited_by_hand_and_its_links_are_taken(
    page: Page, desk: str, tmp_path: Path
) -> None:
    await _sign_in(page, desk)
    await page.goto(f"{desk}/exams/cells/invitations")
    wrong, right = tmp_path / "wrong.csv", tmp_path / "right.csv"
    wrong.write_text("user_id,attempts\nann,0\n")
    right.write_text("user_id,attempts,extra_time_percent\nann@school.example,2,25\nbob,,\n")
    await page.get_by_label("A list as CSV").set_input_files(wrong)
    await page.get_by_role("button", name="Look at the list first").click()
    await expect(page.get_by_role("alert")).to_contain_text("line 2: attempts is '0'")
    await look(page, "desk-invitations-wrong")
    await page.get_by_role("link", name="Back, without inviting").click()
    await page.get_by_label("A list as CSV").set_input_files(right)
    await page.get_by_role("button", name="Look at the list first").click()
    await look(page, "desk-invitations-preview")
    await page.get_by_role("button", name="Invite them").click()
    await expect(page.get_by_role("status")).to_contain_text("2 students are invited")
    await look(page, "desk-invitations", dark=True)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Download the links").click()
    text = await asyncio.to_thread(Path(await (await download.value).path()).read_text, "utf-8-sig")
    assert [row["user_id"] for row in csv.DictReader(io.StringIO(text))] == [
        "ann@school.example",
        "bob",
    ]
    await page.get_by_role("button", name="Withdraw the invitation of bob").press("Enter")
    await expect(page.locator("tbody tr").last).to_contain_text("withdrawn")


async def test_a_table_becomes_a_published_paper(page: Page, desk: str, tmp_path: Path) -> None:
    await _sign_in(page, desk)
    await page.goto(f"{desk}/papers")
    await look(page, "desk-papers")
    file = tmp_path / "biology.csv"
    file.write_text(TABLE)
    await page.locator("[name=file]").set_input_files(file)
    await page.get_by_role("button", name="Look at it first").click()
    await expect(page.locator("main")).to_contain_text("line 3: “How so?” could not be used")
    await look(page, "desk-paper-preview", dark=True)
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_role("status")).to_contain_text("biology is published")
    await look(page, "desk-paper")


async def test_a_sitting_prints_on_paper(page: Page, desk: str) -> None:
    await _sign_in(page, desk)
    await page.goto(f"{desk}/sittings/{7:032x}/print")
    await look(page, "desk-print")
    await page.emulate_media(media="print")
    await expect(page.locator("header.bar")).to_be_hidden()
    await expect(page.get_by_text("Back to the sitting")).to_be_hidden()
    await page.screenshot(path=SCREENSHOTS / "desk-print-paper.png", full_page=True)

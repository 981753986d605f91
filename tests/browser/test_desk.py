"""The desk in a real browser: from signing in to the released result, by mouse and by keyboard."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect
from sqlalchemy import insert, update

from records.engine import open_engine, writing
from records.schema import recordings, turns
from tests import cohort
from tests.desk import PASSWORD, add_teachers, new_database, serving, settings
from tests.stand_ins.eyes import look

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SAID = "Um, it makes ATP for the the cell, by itself."


def _sound(seconds: int) -> bytes:
    """A tone as Ogg/Opus, as long as that."""
    data = io.BytesIO()
    with av.open(data, "w", format="ogg") as file:
        stream = file.add_stream("libopus", rate=48_000, layout="stereo")
        samples = np.zeros((1, 2 * 48_000 * seconds), dtype=np.int16)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate = 48_000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    return data.getvalue()


def _recorded(folder: Path) -> bytes:
    sound = _sound(8)
    folder.mkdir()
    (folder / "whole.ogg").write_bytes(sound)
    return sound


async def _prepare(database: Path, folder: Path) -> dict[str, str]:
    url = f"sqlite:///{database}"
    there = await cohort.sit(url, "ann", "bob", "mia", said=SAID)
    quoted = {"text": "makes ATP for the the cell", "turn": 0}
    ann = cohort.mark("q1", 2, (2, 1, 2))
    first, second = ann.points
    points = [first | {"quotes": [quoted], "reason": "ATP is named."}, second | {"quotes": []}]
    ann = replace(ann, points=points, spread=1.0, flags=["graders_disagree"])
    await cohort.grade(
        url,
        {
            there["ann"]: (ann, cohort.mark("q2", 0)),
            there["bob"]: (cohort.mark("q1", 1), cohort.mark("q2", None)),
            there["mia"]: (
                replace(cohort.mark("q1", 3), provisional=True, flags=["provisional"]),
                cohort.mark("q2", 1),
            ),
        },
    )
    sound = await asyncio.to_thread(_recorded, folder)
    engine = open_engine(url)
    async with writing(engine) as connection:
        await connection.execute(
            insert(recordings).values(
                sitting_id=there["ann"],
                path="whole.ogg",
                duration_ms=8000,
                size=len(sound),
                sha256="0" * 64,
                segments=[{"number": 1, "offset_ms": 0, "duration_ms": 8000}],
                at=cohort.NOW,
            )
        )
        await connection.execute(update(turns).values(segment=1, offset_ms=4000))
    await engine.dispose()
    return there


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    yield tmp_path_factory.mktemp("desk")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def desk(folder: Path) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """Where it is, and the sittings."""
    database = new_database(folder)
    await asyncio.to_thread(add_teachers, database, eve=["cells"])
    there = await _prepare(database, folder / "sound")
    async with serving(settings(database, folder / "sound")) as origin:
        yield origin, there


async def _sign_in(page: Page, origin: str) -> None:
    await page.goto(origin)
    await page.fill("[name=name]", "eve")
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Sittings")


async def test_from_signing_in_to_the_released_result(
    page: Page, desk: tuple[str, dict[str, str]]
) -> None:
    origin, there = desk
    await page.goto(origin)
    await look(page, "desk-sign-in")
    await page.fill("[name=name]", "eve")
    await page.fill("[name=password]", "not the password")
    await page.click("main button")
    await expect(page.get_by_role("alert")).to_contain_text("No teacher has that name")
    await _sign_in(page, origin)
    await look(page, "desk-queue", dark=True)
    await expect(page.locator("tbody tr").first).to_contain_text("needs you")

    await page.click(f'a[href="/sittings/{there["ann"]}"]')
    await expect(page.locator("h1")).to_have_text("ann")
    await look(page, "desk-sitting", dark=True)
    # The quote is marked where it was said, and leads there.
    await expect(page.locator(".transcript mark")).to_have_text("makes ATP for the the cell")
    await page.locator("a.quote").first.click()
    await expect(page.locator("#turn-0")).to_be_in_viewport()
    # The player goes to the answer.
    await page.locator("#q1 .jump").click()
    await page.wait_for_function("document.querySelector('#player').currentTime >= 4")

    answer = page.locator("#q1")
    await answer.get_by_text("opinions of graders").click()
    await expect(answer.locator("table").last.locator("tbody tr")).to_have_count(3)
    await answer.get_by_text("Change the mark").click()
    await answer.get_by_label("Mark, 0 to 3").fill("2.5")
    await answer.get_by_label("Why").fill("Oxygen was meant.")
    await look(page, "desk-override")
    await answer.get_by_role("button", name="Let this mark hold").click()
    await expect(page.get_by_role("status")).to_have_text("Your mark holds from now on.")
    await expect(page.locator("#q1 .history")).to_contain_text("2 → 2.5")

    await page.get_by_role("button", name="Release the result").click()
    await expect(page.get_by_role("status")).to_contain_text("sees the result from now on")
    await page.goto(f"{origin}/?stand=released")
    await expect(page.locator("tbody tr")).to_have_count(1)


async def test_what_was_misheard_is_corrected_and_marked_again(
    page: Page, desk: tuple[str, dict[str, str]], folder: Path
) -> None:
    database = folder / "voxam.db"
    origin, there = desk
    await _sign_in(page, origin)
    await page.goto(f"{origin}/sittings/{there['bob']}")
    line = page.locator("#turn-0")
    await line.get_by_text("Correct what was misheard").click()
    await expect(line.get_by_label("What was really said")).to_have_value(SAID)
    await line.get_by_label("What was really said").fill("It makes ATP by respiration.")
    await line.get_by_label("Why").fill("Clear in the recording.")
    await line.get_by_role("button", name="Correct, and mark again").click()
    await expect(page.locator("#turn-0 .said")).to_contain_text("It makes ATP by respiration.")
    await expect(page.locator("#turn-0 s")).to_have_text(SAID)
    await expect(page.locator("main")).to_contain_text("It is being marked (a correction)")
    await look(page, "desk-corrected")
    # The page follows by itself.
    marks = (cohort.mark("q1", 3), cohort.mark("q2", 1))
    await cohort.grade(f"sqlite:///{database}", {there["bob"]: marks})
    await expect(page.locator(".big").first).to_have_text("4 / 4")


async def test_provisional_marks_are_told_and_keys_are_enough(
    page: Page, desk: tuple[str, dict[str, str]]
) -> None:
    origin, there = desk
    await _sign_in(page, origin)
    await page.goto(f"{origin}/sittings/{there['mia']}")
    await expect(page.get_by_role("note")).to_contain_text("Provisional marks.")
    await page.goto(origin)
    # Skip link, name, four pages, sign out, exam, text, button: then the tabs and the list.
    seen = []
    for _ in range(40):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus")
        seen.append(await focused.evaluate("e => e.getAttribute('href') || e.name || e.tagName"))
        if seen[-1] == f"/sittings/{there['mia']}":
            break
    assert seen[0] == "#main"
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("mia")


async def test_signed_out_nothing_is_left(page: Page, desk: tuple[str, dict[str, str]]) -> None:
    origin, there = desk
    await _sign_in(page, origin)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.locator("h1")).to_have_text("Sign in")
    await page.goto(f"{origin}/sittings/{there['ann']}")
    await expect(page.locator("h1")).to_have_text("Sign in")

"""The page before the exam: invitation, consent, microphone, and every refusal in plain words."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import CHROMIUM, FLAGS
from tests.stand_ins.exam_site import INVITATION, ExamSite, exam_site, refusal
from tests.stand_ins.eyes import look

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(web_dist: Path) -> AsyncIterator[ExamSite]:
    async with exam_site(web_dist) as running:
        yield running


async def test_without_an_invitation_it_says_what_to_do(page: Page, site: ExamSite) -> None:
    await page.goto(site.origin)
    await expect(page.locator("#error")).to_contain_text("Open your invitation link")
    await expect(page.locator("#lobby")).to_be_hidden()
    await look(page, "no-invitation")


async def test_the_microphone_is_checked_before_joining(page: Page, site: ExamSite) -> None:
    await page.goto(site.link)
    await expect(page.locator("#consent-recording")).not_to_be_checked()
    await look(page, "lobby", dark=True)
    await page.click("#mic-check")
    await expect(page.locator("#mic-status")).to_have_text("We can hear you.")
    assert await page.locator("#mic-select option").count() >= 1
    await expect(page.locator("#mic-level")).not_to_have_js_property("value", 0)
    await look(page, "lobby-microphone")
    other = await page.locator("#mic-select option").last.get_attribute("value")
    await page.select_option("#mic-select", other)
    await expect(page.locator("#mic-status")).to_have_text("We can hear you.")


@pytest.mark.parametrize(
    ("status", "code", "words", "lobby", "action"),
    [
        (410, "invitation_expired", "This link has expired", False, None),
        (409, "exam_finished", "You have finished this exam", False, None),
        (403, "consent_required", "This exam has to be recorded", True, None),
        (503, "unavailable", "The exam service is not available", True, "Try again"),
        (400, "something_new", "As the service says it.", True, "Try again"),
    ],
)
async def test_a_refusal_is_told_in_plain_words(
    page: Page, site: ExamSite, status: int, code: str, words: str, lobby: bool, action: str | None
) -> None:
    site.answers[:] = [refusal(status, code)]
    await page.goto(site.link)
    await page.click("#join")
    error = page.locator(f"#error[data-code={code}]")
    await expect(error).to_contain_text(words)
    await expect(error).to_be_focused()
    await expect(page.locator("#lobby")).to_be_visible(visible=lobby)
    if action is None:
        await expect(page.locator("#error-action")).to_be_hidden()
    else:
        await expect(page.locator("#error-action")).to_have_text(action)
    if code == "consent_required":
        await look(page, "consent-required")


async def test_consent_is_sent_as_given_and_a_limit_is_waited_for(
    page: Page, site: ExamSite
) -> None:
    site.joins.clear()
    site.answers[:] = [refusal(429, "rate_limited", retry_after="2"), refusal(503, "unavailable")]
    await page.goto(site.link)
    await page.check("#consent-recording")
    await page.click("#join")
    again = page.locator("#error-action")
    await expect(again).to_be_disabled()
    await expect(again).to_have_text("Try again in 2 s")
    await expect(again).to_be_enabled()
    await page.uncheck("#consent-recording")
    await again.click()
    await expect(page.locator("#error[data-code=unavailable]")).to_be_visible()
    version = await page.locator("#consent").get_attribute("data-text-version")
    assert site.joins == [
        {"invitation": INVITATION, "consent": {"recording": agreed, "text_version": version}}
        for agreed in (True, False)
    ]


async def test_nobody_at_the_other_end(page: Page, site: ExamSite) -> None:
    await page.goto(site.link)
    await page.context.set_offline(True)
    await page.click("#join")
    await expect(page.locator("#error[data-code=offline]")).to_contain_text("internet connection")


@pytest_asyncio.fixture(loop_scope="session")
async def guarded(browsers: Any) -> AsyncIterator[Browser]:
    """A Chromium that does not give the microphone away by itself."""
    browser = await browsers.launch(executable_path=CHROMIUM, args=list(FLAGS))
    yield browser
    await browser.close()


async def test_a_refused_microphone_can_be_allowed_later(guarded: Browser, site: ExamSite) -> None:
    site.joins.clear()
    context = await guarded.new_context()
    page = await context.new_page()
    await page.goto(site.link)
    await page.click("#join")
    error = page.locator("#error[data-code=microphone_refused]")
    await expect(error).to_contain_text("The microphone is blocked")
    await expect(page.locator("#error-steps li")).to_have_count(3)
    assert site.joins == []
    await look(page, "microphone-refused")
    await context.grant_permissions(["microphone"], origin=site.origin)
    await page.reload()
    await page.click("#mic-check")
    await expect(page.locator("#mic-panel")).to_be_visible()
    await expect(error).to_be_hidden()
    await context.close()


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("NotFoundError", "microphone_missing", "No microphone found"),
        ("NotReadableError", "microphone_busy", "Your microphone is in use"),
    ],
)
async def test_a_microphone_that_does_not_open(
    page: Page, site: ExamSite, name: str, code: str, words: str
) -> None:
    await page.add_init_script(
        "const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        f"let fails = 1; const refuse = () => new DOMException('no', {json.dumps(name)});"
        "navigator.mediaDevices.getUserMedia = (wanted) =>"
        " fails-- > 0 ? Promise.reject(refuse()) : open(wanted);"
    )
    await page.goto(site.link)
    await page.click("#mic-check")
    await expect(page.locator(f"#error[data-code={code}]")).to_contain_text(words)
    await page.click("#error-action")
    await expect(page.locator("#mic-status")).to_have_text("We can hear you.")
    await expect(page.locator("#error")).to_be_hidden()

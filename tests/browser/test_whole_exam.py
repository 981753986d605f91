"""A student takes a whole exam in a real Chromium, aloud: nothing of Voxam is stood in for."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from robot_student.settings import SpeechSettings
from robot_student.voice import Voice
from tests.browser.conftest import ALLOW_MICROPHONE, CHROMIUM, DESKTOP, EXPECT_MS, FLAGS
from tests.conftest import LiveKitServer
from tests.live.hearing import word_error_rate
from tests.stack import Stack, running_stack
from tests.stand_ins.eyes import look
from tests.stand_ins.microphone import Microphone

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(400),
    pytest.mark.asyncio(loop_scope="session"),
]

PAPERS = Path(__file__).parent / "papers"
#: Speech takes its time, and on a machine under load everything does.
SOON_MS = 60_000
SPEECH_S = 90

GREETING = (
    "Hello, and welcome to your oral exam: Cells. I am an automated examiner. "
    "I ask the questions and keep the time; your teacher decides the marks. "
    "Before we begin, a short sound check. "
    "Please say a few words, for example what you can see from where you are sitting."
)
PRACTICE = "What did you eat today?"
ENERGY = "Which part of a cell releases energy?"
GAS = "Which gas do plants need?"
GAS_ASKED = f"{GAS} A: Oxygen. B: Carbon dioxide."
CONFIRM = "Do you really want to end the exam? Please say yes or no."
PAUSED = "The exam is paused. Press the button again, or say continue, when you are ready."
GOODBYE = "Thank you, your answers are recorded. The exam is over. Goodbye."

TESTING = "Hello, can you hear me?"
VIEW = "I can see a tree outside the window."
BREAKFAST = "I had some bread and butter this morning."
ANSWER = "Energy is released in the mitochondrion."
NO = "No, I want to go on."

KEEP_PHASES = """document.addEventListener('DOMContentLoaded', () => {
  const phase = document.querySelector('#phase');
  window.phases = [];
  new MutationObserver(() => { window.phases.push(phase.dataset.phase); })
    .observe(phase, {attributes: true});
});"""
WATCH_FOR_SPEECH = """window.spoken = new Promise((resolve) => {
  const phase = document.querySelector('#phase');
  let before = phase.dataset.activity;
  let spoke = false;
  new MutationObserver((_, self) => {
    const now = phase.dataset.activity;
    if (now === before) return;
    if (spoke && now === 'listening') { self.disconnect(); resolve(); }
    spoke ||= now === 'speaking';
    before = now;
  }).observe(phase, {attributes: true});
}); undefined"""


@pytest.fixture(scope="module")
def stack(
    livekit_server: LiveKitServer,
    local_providers: str,
    web_dist: Path,
    free_port: Callable[[], int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("whole-exam")
    with running_stack(
        livekit_server, local_providers, PAPERS, folder, free_port, WEB_DIST=str(web_dist)
    ) as system:
        yield system


@pytest_asyncio.fixture(loop_scope="session")
async def microphone(local_providers: str, tmp_path: Path) -> Microphone:
    voice = Voice(SpeechSettings(base_url=local_providers))
    await voice.prepare((TESTING, VIEW, BREAKFAST, ANSWER, NO))
    return Microphone(tmp_path / "microphone.wav", voice)


@pytest_asyncio.fixture(loop_scope="session")
async def page(browsers: Any, microphone: Microphone) -> AsyncIterator[Page]:
    """A window with that microphone. Sound is allowed by a click only, as for a person."""
    args = [*FLAGS, ALLOW_MICROPHONE, *microphone.flags]
    browser = await browsers.launch(executable_path=CHROMIUM, args=args)
    width, height = DESKTOP
    page = await browser.new_page(
        viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    page.set_default_timeout(SOON_MS)
    await page.add_init_script(KEEP_PHASES)
    expect.set_options(timeout=SOON_MS)
    yield page
    expect.set_options(timeout=EXPECT_MS)
    await browser.close()


async def test_a_student_takes_the_exam_in_chromium(
    page: Page, microphone: Microphone, stack: Stack
) -> None:
    sitting = await enter(page, microphone, stack.invite("ada@example.org", "cells"))
    for step in STEPS:
        await step(page, microphone)
    check_record(stack.record(sitting))


async def enter(page: Page, microphone: Microphone, link: str) -> str:
    """Consent, microphone check, greeting; the sitting."""
    microphone.load(TESTING)
    await page.goto(link)
    await page.check("#consent-recording")
    await page.click("#mic-check")
    await expect(page.locator("#mic-status")).to_have_text("We can hear you.")
    await look(page, "whole-exam-1-lobby")
    async with examiner_speaks(page), page.expect_response("**/join") as joined:
        await page.click("#join")
        await expect(page.locator("#connection")).to_have_attribute("data-state", "connected")
        await expect(in_phase(page, "soundcheck")).to_be_visible()
        await expect(said(page)).to_have_text(GREETING)
        await look(page, "whole-exam-2-soundcheck")
    sitting: str = (await (await joined.value).json())["session_id"]
    return sitting


async def sound_check_and_practice(page: Page, microphone: Microphone) -> None:
    async with examiner_speaks(page):
        await microphone.say(VIEW, page)
        await expect(in_phase(page, "practice")).to_be_visible()
        await expect(page.locator("#question-number")).to_have_text("Practice question")
        await expect(page.locator("#question-text")).to_have_text(PRACTICE)
        await expect(said(page)).to_have_text(ending_in(PRACTICE))
        await look(page, "whole-exam-3-practice")
    heard = await page.locator("#captions li[data-who=student] .words").last.inner_text()
    assert word_error_rate(VIEW, heard) <= 0.4
    assert await remaining(page) == 600_000


async def first_question(page: Page, microphone: Microphone) -> None:
    await microphone.say(BREAKFAST, page)
    await expect(page.locator("#question-number")).to_have_text("Question 1 of 2")
    await expect(page.locator("#question-text")).to_have_text(ENERGY)
    await expect(in_phase(page, "asking")).to_be_visible()
    shown = await page.locator("#time-left").inner_text()
    await look(page, "whole-exam-4-asking")
    await expect(page.locator("#time-left")).not_to_have_text(shown)
    assert await remaining(page) < 600_000


async def pause_and_continue(page: Page, microphone: Microphone) -> None:
    """The button cuts the examiner off; the clock stands still until the exam goes on."""
    await page.click("#pause")
    await expect(in_phase(page, "paused")).to_be_visible()
    await expect(page.locator("#pause-label")).to_have_text("Continue")
    await expect(page.locator("#skip")).to_be_disabled()
    held = await remaining(page)
    await expect(said(page)).to_have_text(PAUSED)
    await expect(page.locator("#phase")).to_have_attribute("data-activity", "speaking")
    await look(page, "whole-exam-5-paused")
    await expect(page.locator("#phase")).to_have_attribute("data-activity", "listening")
    assert await remaining(page) == held
    async with examiner_speaks(page):
        await page.click("#pause")
        await expect(in_phase(page, "asking")).to_be_visible()
    await expect(said(page)).to_have_text(ending_in(ENERGY))
    await expect(page.locator("#pause-label")).to_have_text("Pause")
    assert await remaining(page) < held


async def repeat(page: Page, microphone: Microphone) -> None:
    async with examiner_speaks(page):
        await page.click("#repeat")
        await expect(said(page)).to_have_text(ENERGY)
    await expect(in_phase(page, "listening")).to_be_visible()
    await look(page, "whole-exam-6-listening")
    assert await phases(page) == ["waiting", "soundcheck", "practice", "asking", "paused"]


async def refresh(page: Page, microphone: Microphone) -> None:
    """The same question again, and the time of the absence is not counted."""
    microphone.load()
    before, at = await remaining(page), monotonic()
    await page.reload()
    gone = monotonic()
    await expect(page.locator("#consent-recording")).to_be_checked()
    await look(page, "whole-exam-7-lobby-again")
    away = monotonic() - gone
    async with examiner_speaks(page):
        await page.click("#join")
        await expect(said(page)).to_have_text(f"Welcome back. We were on question 1 of 2. {ENERGY}")
        await look(page, "whole-exam-8-back")
    await expect(page.locator("#question-number")).to_have_text("Question 1 of 2")
    await expect(page.locator("#question-text")).to_have_text(ENERGY)
    used = before - await remaining(page)
    assert 0 < used < (monotonic() - at - away + 1) * 1000


async def answer(page: Page, microphone: Microphone) -> None:
    async with examiner_speaks(page):
        await microphone.say(ANSWER, page)
        await expect(page.locator("#question-number")).to_have_text("Question 2 of 2")
        await expect(page.locator("#question-text")).to_have_text(GAS)
        await expect(page.locator("#options li")).to_have_text(["Oxygen", "Carbon dioxide"])
        await expect(said(page)).to_have_text(ending_in(GAS_ASKED))
        await look(page, "whole-exam-9-choice")


async def end_and_think_better_of_it(page: Page, microphone: Microphone) -> None:
    async with examiner_speaks(page):
        await page.click("#end")
        await expect(page.locator("#confirm-end")).to_contain_text("asks you to confirm")
        await expect(said(page)).to_have_text(CONFIRM)
        await look(page, "whole-exam-10-confirm-end")
    async with examiner_speaks(page):
        await microphone.say(NO, page)
        await expect(page.locator("#confirm-end")).to_be_hidden()
    await expect(said(page)).to_have_text(f"All right, we go on. {GAS_ASKED}")


async def skip_the_last_question(page: Page, microphone: Microphone) -> None:
    async with examiner_speaks(page):
        await page.click("#skip")
    # The skipped question is offered once more; skipping the offer ends the exam.
    await page.click("#skip")
    await expect(in_phase(page, "closing")).to_be_visible()
    await expect(page.locator("#skip")).to_be_disabled()
    await expect(page.locator("#question-number")).to_have_text("End of the exam")
    await expect(page.locator("#question")).to_be_hidden()
    await expect(said(page)).to_have_text(ending_in(GOODBYE))
    await look(page, "whole-exam-11-closing")
    await expect(said(page)).to_be_in_viewport()
    await expect(page.locator("#end-screen")).to_be_visible()
    await expect(page.locator("#end-title")).to_be_focused()
    await look(page, "whole-exam-12-finished")
    assert await phases(page) == ["waiting", "asking", "closing", "finished"]


STEPS = (
    sound_check_and_practice,
    first_question,
    pause_and_continue,
    repeat,
    refresh,
    answer,
    end_and_think_better_of_it,
    skip_the_last_question,
)


def check_record(record: dict[str, Any]) -> None:
    assert record["sitting"]["status"] == "finished"
    assert record["sitting"]["consent"]["recording"] is True
    energy, gas = record["answers"]
    assert (energy["question_id"], energy["status"]) == ("energy", "answered")
    assert (gas["question_id"], gas["status"]) == ("gas", "skipped")
    assert word_error_rate(ANSWER, energy["text"]) <= 0.4, energy["text"]
    assert gas["text"] == ""
    asked = [
        said["text"] for turn in record["turns"] for said in turn["utterances"] if said["whole"]
    ]
    assert asked.count(ENERGY) == 3


@asynccontextmanager
async def examiner_speaks(page: Page) -> AsyncIterator[None]:
    """After the block, waits until the examiner has begun to speak, ended, and listens."""
    await page.evaluate(WATCH_FOR_SPEECH)
    yield
    async with asyncio.timeout(SPEECH_S):
        await page.evaluate("window.spoken")


def said(page: Page) -> Locator:
    """The examiner's last caption."""
    return page.locator("#captions li[data-who=examiner] .words").last


def ending_in(words: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(words)}\s*$")


def in_phase(page: Page, name: str) -> Locator:
    return page.locator(f"#phase[data-phase={name}]")


async def remaining(page: Page) -> int:
    return int(await page.locator("#time-left").get_attribute("data-remaining-ms") or -1)


async def phases(page: Page) -> list[str]:
    """The phases since the page was loaded, in the order in which each came first.

    Without those that come and go: an examiner that guessed right is never seen to think, and one
    that is cut off listens for a moment.
    """
    seen = await page.evaluate("window.phases")
    return [name for name in dict.fromkeys(seen) if name not in ("thinking", "listening")]

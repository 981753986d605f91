"""The page during the exam, in a real LiveKit room with a scripted examiner."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from livekit import rtc
from playwright.async_api import Page, expect

from tests.conftest import LiveKitServer
from tests.stand_ins.exam_site import ExamSite, admission, exam_site
from tests.stand_ins.examiner import (
    STUDENT,
    WAIT_S,
    Examiner,
    ExamRoom,
    exam_room,
    examiner_in,
)
from tests.stand_ins.eyes import look
from worker.page import Page as WorkerPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(web_dist: Path) -> AsyncIterator[ExamSite]:
    async with exam_site(web_dist) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def exam(livekit_server: LiveKitServer, site: ExamSite) -> AsyncIterator[ExamRoom]:
    """A room of its own, to which the site admits the student."""
    async with exam_room(livekit_server) as room:
        site.joins.clear()
        site.answers[:] = [admission(livekit_server.url, room.student_token)]
        yield room


async def join(page: Page, site: ExamSite) -> None:
    await page.goto(site.link)
    await page.click("#join")
    await expect(page.locator("#connection")).to_have_attribute("data-state", "connected")


async def remaining(page: Page) -> int:
    return int(await page.locator("#time-left").get_attribute("data-remaining-ms") or -1)


async def test_a_whole_exam(page: Page, site: ExamSite, exam: ExamRoom) -> None:
    async with examiner_in(exam) as examiner:
        await join(page, site)
        await examiner.called("exam.ready")
        await expect(page.locator("#mic-live")).not_to_have_js_property("value", 0)
        await sound_check(page, examiner)
        await practice(page, examiner)
        await open_question(page, examiner)
        await choice_question(page, examiner)
        await buttons_and_keys(page, examiner)
        await notices(page, examiner)
        await examiner.tell(phase="closing", clock="paused")
        await expect(page.locator("#repeat")).to_be_disabled()
        await examiner.tell(phase="finished")
        await expect(page.locator("#end-screen")).to_be_visible()
        await expect(page.locator("#end-title")).to_be_focused()
        await examiner.no_longer_hears_student()
        await look(page, "finished", dark=True)
        await exam.delete()
        await expect(page.locator("#error")).to_be_hidden()
        await expect(page.locator("#end-screen")).to_be_visible()


async def test_a_practice_ends_with_what_went_well_and_what_was_missing(
    page: Page, site: ExamSite, exam: ExamRoom
) -> None:
    question = {
        "number": 1,
        "ask": "What does a plant get out of photosynthesis?",
        "status": "answered",
        "right": ["sugar or glucose"],
        "lacking": ["oxygen"],
        "explanation": "Glucose, and oxygen beside it.",
    }
    async with examiner_in(exam) as examiner:
        await join(page, site)
        await examiner.called("exam.ready")
        await WorkerPage(examiner.room, STUDENT).sum_up(json.dumps({"questions": [question]}))
        await examiner.tell(phase="finished")
        await expect(page.locator("#end-title")).to_have_text("The practice is over")
        await expect(page.locator(".points.right")).to_contain_text("sugar or glucose")
        await expect(page.locator(".points.lacking")).to_contain_text("oxygen")
        await expect(page.locator("#end-marked")).to_be_hidden()
        await look(page, "practice-finished", dark=True)


async def sound_check(page: Page, examiner: Examiner) -> None:
    await examiner.hears_student()
    await examiner.tell(phase="soundcheck", clock="paused", remaining_ms="300000", question="")
    await expect(page.locator("#phase")).to_have_attribute("data-phase", "soundcheck")
    await examiner.caption("e1", "Hello. ", "Please say ", "where you are.")
    await examiner.caption("s1", "i am", "I am in my room.", of=STUDENT)
    await expect(page.locator("#heard")).to_have_text("We heard: I am in my room.")
    lines = page.locator("#captions li")
    await expect(lines).to_have_count(2)
    await expect(lines.nth(0)).to_have_attribute("data-who", "examiner")
    await expect(lines.nth(0).locator(".words")).to_have_text("Hello. Please say where you are.")
    await expect(page.locator("#announce")).to_have_text("Hello. Please say where you are.")
    await expect(lines.nth(1)).to_have_attribute("data-who", "student")
    await expect(lines.nth(1)).to_have_attribute("data-final", "true")
    await look(page, "soundcheck")


async def practice(page: Page, examiner: Examiner) -> None:
    await examiner.ask("", "practice", "What did you have for breakfast?")
    await examiner.tell(phase="practice")
    await expect(page.locator("#question-number")).to_have_text("Practice question")
    await expect(page.locator("#question-text")).to_have_text("What did you have for breakfast?")
    await expect(page.locator("#heard")).to_be_hidden()
    assert await remaining(page) == 300_000


async def open_question(page: Page, examiner: Examiner) -> None:
    question = "How does a mitochondrion serve the cell?"
    await examiner.ask("1/3", "open", question)
    await expect(page.locator("#question-number")).to_have_text("Question 1 of 3")
    await expect(page.locator("#question-text")).to_have_text(question)
    await expect(page.locator("#phase")).to_contain_text("The examiner is speaking")
    await examiner.caption("e2", question)
    await examiner.tell(phase="listening", clock="running", remaining_ms="299000")
    await expect(page.locator("#phase")).to_contain_text("Your turn")
    await expect(page.locator("#time-left")).to_have_text("4:58")
    assert await remaining(page) < 298_500
    await examiner.caption("s2", "it makes", "it makes energy", of=STUDENT, final=False)
    line = page.locator("#captions li[data-segment=s2]")
    await expect(line).to_have_attribute("data-final", "false")
    await expect(line.locator(".words")).to_have_text("it makes energy")
    await look(page, "listening", dark=True)
    await examiner.caption("s2", "It makes energy, as ATP.", of=STUDENT)
    await expect(line).to_have_attribute("data-final", "true")
    await expect(page.locator("#captions li")).to_have_count(4)
    await examiner.tell(phase="paused", clock="paused")
    await expect(page.locator("#phase")).to_contain_text("Paused")
    held = await remaining(page)
    await expect(page.locator("#skip")).to_be_disabled()
    await expect(page.get_by_role("button", name="Continue")).to_be_enabled()
    await look(page, "paused")
    assert await remaining(page) == held
    await examiner.tell(phase="thinking", clock="running", remaining_ms=str(held))
    await expect(page.locator("#phase")).to_have_attribute("data-phase", "thinking")


async def choice_question(page: Page, examiner: Examiner) -> None:
    await examiner.ask("2/3", "choice", "Which organelle makes ATP?", "Nucleus", "Mitochondrion")
    await expect(page.locator("#options li")).to_have_text(["Nucleus", "Mitochondrion"])
    await expect(page.locator("#question-number")).to_have_text("Question 2 of 3")
    await page.check("#large-captions")
    await look(page, "choice")
    await page.uncheck("#large-captions")
    await page.uncheck("#show-captions")
    await expect(page.locator("#captions")).to_be_hidden()
    await look(page, "captions-hidden")
    await page.check("#show-captions")
    await examiner.ask("3/3", "short", "How many are there in a red blood cell?")
    await expect(page.locator("#options")).to_be_hidden()


async def buttons_and_keys(page: Page, examiner: Examiner) -> None:
    await examiner.tell(phase="listening")
    for name in ("repeat", "skip", "pause"):
        await page.click(f"#{name}")
        await examiner.called(f"exam.{name}")
    for key in "rsp":
        await page.keyboard.press(key)
    await examiner.called("exam.repeat", "exam.skip", "exam.pause")
    await page.keyboard.press("Control+s")
    await page.uncheck("#use-shortcuts")
    await page.keyboard.press("s")
    await expect(page.locator("#done")).to_be_hidden()
    await page.click("#end")
    await examiner.called("exam.end")
    await expect(page.locator("#confirm-end")).to_contain_text("asks you to confirm")
    await look(page, "confirm-end")
    await examiner.caption("s3", "No, go on.", of=STUDENT)
    await expect(page.locator("#confirm-end")).to_be_hidden()
    examiner.refusals["exam.skip"] = "This question cannot be skipped."
    await page.click("#skip")
    await examiner.called("exam.skip")
    await expect(page.locator("#notice-alert")).to_have_text("This question cannot be skipped.")


async def notices(page: Page, examiner: Examiner) -> None:
    await examiner.notice("slow", "info", "Speech is served on this machine.")
    await expect(page.locator("#notice-status")).to_have_text("Speech is served on this machine.")
    await expect(page.locator("#notice-alert")).to_be_empty()
    await examiner.notice("no_sound", "warning", "We do not hear you. The time stands still.")
    await expect(page.locator("#notice-alert")).to_contain_text("We do not hear you.")
    await expect(page.locator("#notice")).to_have_attribute("data-level", "warning")
    await look(page, "notice")
    # A state that is over takes its notice along.
    await examiner.notice("no_sound", "info", "")
    await expect(page.locator("#notice-alert")).to_be_empty()
    await examiner.notice("no_sound", "warning", "We do not hear you.")
    await page.click("#notice-close")
    await expect(page.locator("#notice")).to_be_hidden()
    await examiner.notice("answer_long", "warning", "Please come to an end.")
    await expect(page.locator("#notice-alert")).to_have_text("Please come to an end.")
    await examiner.ask("2/3", "open", "And why?")
    await expect(page.locator("#notice")).to_be_hidden()


async def test_a_late_examiner_and_its_successor(
    page: Page, site: ExamSite, exam: ExamRoom
) -> None:
    await join(page, site)
    await expect(page.locator("#phase")).to_contain_text("The examiner is on the way")
    await look(page, "waiting")
    async with examiner_in(exam, listens=False) as examiner:
        await examiner.hears_student()
        await expect(page.locator("#sound audio")).to_have_count(1)
        examiner.listen_to_page()
        await examiner.called("exam.ready")
        await examiner.tell(phase="listening", clock="running", remaining_ms="60000")
        await expect(page.locator("#time-left")).to_have_text("0:59")
    await expect(page.locator("#banner")).to_contain_text("The examiner dropped out")
    await expect(page.locator("#repeat")).to_be_disabled()
    held = await remaining(page)
    await look(page, "examiner-left")
    assert await remaining(page) == held
    async with examiner_in(exam) as successor:
        await successor.called("exam.ready")
        await successor.tell(phase="asking", clock="running", remaining_ms="60000")
        await expect(page.locator("#banner")).to_be_hidden()
        await expect(page.locator("#repeat")).to_be_enabled()


async def test_a_second_window_takes_over(page: Page, site: ExamSite, exam: ExamRoom) -> None:
    async with examiner_in(exam) as examiner:
        await join(page, site)
        await examiner.called("exam.ready")
        other = await page.context.new_page()
        await join(other, site)
        await expect(page.locator("#error[data-code=open_elsewhere]")).to_be_visible()
        await examiner.called("exam.ready")
        await look(page, "open-elsewhere")
        await page.click("#error-action")
        await expect(other.locator("#error[data-code=open_elsewhere]")).to_be_visible()
        await examiner.called("exam.ready")
        await expect(page.locator("#error")).to_be_hidden()


async def test_a_room_that_goes_away_before_the_end_can_be_rejoined(
    page: Page, site: ExamSite, exam: ExamRoom, livekit_server: LiveKitServer
) -> None:
    async with examiner_in(exam) as examiner:
        await join(page, site)
        await examiner.called("exam.ready")
        await examiner.ask("2/3", "open", "Why?")
        await expect(page.locator("#question-number")).to_have_text("Question 2 of 3")
    await exam.delete()
    error = page.locator("#error[data-code=room_closed]")
    await expect(error).to_contain_text("Your answers are kept")
    await look(page, "interrupted")
    async with exam_room(livekit_server) as again, examiner_in(again) as examiner:
        site.answers[:] = [admission(livekit_server.url, again.student_token, resumed=True)]
        await page.get_by_role("button", name="Rejoin").click()
        await examiner.called("exam.ready")
        await examiner.hears_student()
        await expect(error).to_be_hidden()
        await examiner.tell(phase="finished")
        await expect(page.locator("#end-screen")).to_be_visible()


async def test_an_examiner_that_never_comes(page: Page, site: ExamSite, exam: ExamRoom) -> None:
    await page.add_init_script(
        "const later = window.setTimeout;"
        "window.setTimeout = (f, ms, ...rest) => later(f, ms === 60000 ? 500 : ms, ...rest);"
    )
    await page.goto(site.link)
    await page.click("#join")
    error = page.locator("#error[data-code=no_examiner]")
    await expect(error).to_contain_text("The examiner has not come")
    await look(page, "no-examiner")
    await page.click("#error-action")
    await expect(page.locator("#exam")).to_be_visible()
    assert len(site.joins) == 2


async def test_blocked_sound_waits_for_a_click(page: Page, site: ExamSite, exam: ExamRoom) -> None:
    await page.add_init_script(
        "const play = HTMLMediaElement.prototype.play; window.allowed = false;"
        "HTMLMediaElement.prototype.play = function () { return window.allowed ? play.call(this)"
        " : Promise.reject(new DOMException('blocked', 'NotAllowedError')); };"
    )
    async with examiner_in(exam) as examiner:
        await join(page, site)
        await expect(page.locator("#sound-on")).to_be_visible()
        await look(page, "sound-blocked")
        assert examiner.calls == []
        await page.evaluate("window.allowed = true")
        await page.click("#sound-on")
        await examiner.called("exam.ready")
        await expect(page.locator("#sound-on")).to_be_hidden()


async def test_typed_answers_need_no_microphone(
    page: Page, site: ExamSite, exam: ExamRoom, livekit_server: LiveKitServer
) -> None:
    site.answers[:] = [admission(livekit_server.url, exam.student_token, typed=True)]
    await page.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => { throw new Error('asked for a microphone'); }"
    )
    async with examiner_in(exam) as examiner:
        typing: list[float] = []
        loop = asyncio.get_running_loop()

        @examiner.room.on("data_received")  # type: ignore[untyped-decorator, unused-ignore]
        def received(packet: rtc.DataPacket) -> None:
            if packet.topic == "voxam.typing":
                typing.append(loop.time())
                examiner.look_up()

        await page.goto(site.link)
        await expect(page.locator("#lobby")).to_contain_text("You need no microphone.")
        await expect(page.locator("#mic-check")).to_be_hidden()
        await look(page, "lobby-typed")
        await page.click("#join")
        await examiner.called("exam.ready")
        await examiner.ask("1/1", "choice", "Which one makes ATP?", "Nucleus", "Mitochondrion")
        await examiner.tell(phase="listening")
        await expect(page.locator("#phase-hint")).to_contain_text("Type your answer")
        await expect(page.locator("#question-kind")).to_have_text("Type the letter or the answer")
        await expect(page.locator("#microphone")).to_be_hidden()
        field = page.locator("#typed-text")
        await field.press_sequentially("desperate rest")
        async with asyncio.timeout(WAIT_S):
            while not typing:
                await examiner.changed.wait()
        await look(page, "typed")
        await field.press("Control+Enter")
        await examiner.was_typed("desperate rest")
        await expect(field).to_have_value("")
        line = page.locator("#captions li[data-who=student] .words")
        await expect(line).to_have_text("desperate rest")
        await field.fill("B")
        await page.click("#typed-send")
        await examiner.was_typed("B")
        await expect(line).to_have_text(["desperate rest", "B"])
        assert (examiner.calls, examiner.typed) == ([], ["desperate rest", "B"])
        assert len(typing) <= 2 + (loop.time() - typing[0]) / 2
        assert await page.evaluate("document.title") == "Question 1 of 1 · Oral exam · Voxam"


async def test_an_own_turn_end_and_large_captions(
    page: Page, site: ExamSite, exam: ExamRoom, livekit_server: LiveKitServer
) -> None:
    site.answers[:] = [
        admission(livekit_server.url, exam.student_token, own_turn_end=True, captions="large")
    ]
    async with examiner_in(exam) as examiner:
        await join(page, site)
        await examiner.called("exam.ready")
        await examiner.ask("1/1", "open", "Why?")
        await examiner.caption("e1", "Electroencephalographically speaking: why?")
        await examiner.caption("s1", "Because of Brønsted.", of=STUDENT)
        await examiner.tell(phase="listening")
        await expect(page.locator("#phase-hint")).to_contain_text("Press “I’m done”")
        words = page.locator("#captions li .words").first
        await expect(words).to_have_css("font-size", "24px")
        done = page.get_by_role("button", name="I’m done")
        size = await done.bounding_box()
        assert size is not None
        assert size["height"] >= 50
        assert size["width"] >= 300
        await look(page, "own-turn-end-large-captions", dark=True)
        await done.press("Enter")
        await page.keyboard.press("d")
        await examiner.called("exam.done", "exam.done")
        await page.uncheck("#show-captions")
        await expect(words).to_be_hidden()


async def test_an_unplugged_microphone_is_told_and_replaced(
    page: Page, site: ExamSite, exam: ExamRoom
) -> None:
    await page.add_init_script(
        "const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "window.plugged = true; navigator.mediaDevices.getUserMedia = async (wanted) => {"
        " if (!window.plugged) throw new DOMException('gone', 'NotFoundError');"
        " const stream = await open(wanted); window.track = stream.getAudioTracks()[0];"
        " return stream; };"
    )
    async with examiner_in(exam) as examiner:
        await join(page, site)
        await examiner.called("exam.ready")
        await examiner.tell(phase="listening")
        microphone = page.locator("#microphone")
        await expect(microphone).to_have_attribute("data-state", "on")
        await page.evaluate(
            "window.plugged = false; window.track.stop();"
            "window.track.dispatchEvent(new Event('ended'))"
        )
        await expect(microphone).to_have_attribute("data-state", "ended")
        await expect(microphone).to_contain_text("the examiner cannot hear you")
        await expect(page.locator("#notice-alert")).to_contain_text("Your microphone was unplugged")
        await expect(page.locator("#mic-other")).to_be_visible()
        await look(page, "microphone-unplugged")
        await page.click("#mic-recover")
        await expect(page.locator("#notice-alert")).to_contain_text("No microphone found")
        await page.evaluate("window.plugged = true")
        await page.click("#mic-recover")
        await expect(microphone).to_have_attribute("data-state", "on")
        await expect(page.locator("#mic-recover")).to_be_hidden()
        await expect(page.locator("#notice")).to_be_hidden()
        # What only the examiner notices is over when the clock goes on.
        await examiner.tell(clock="paused")
        await examiner.notice("microphone", "warning", "No sound comes from your microphone.")
        await expect(page.locator("#notice-alert")).to_contain_text("No sound comes")
        await examiner.tell(clock="running", remaining_ms="60000")
        await expect(page.locator("#notice")).to_be_hidden()
        # The switch of a headset, or of the system.
        await page.evaluate(
            "Object.defineProperty(window.track, 'muted', {value: true});"
            "window.track.dispatchEvent(new Event('mute'))"
        )
        await expect(page.locator("#notice-alert")).to_contain_text("Your microphone is muted")
        other = await page.locator("#mic-other option").last.get_attribute("value")
        await page.select_option("#mic-other", other)
        await expect(microphone).to_have_attribute("data-state", "on")
        await expect(page.locator("#notice")).to_be_hidden()


async def test_a_lost_connection_is_told_and_comes_back(
    page: Page, site: ExamSite, exam: ExamRoom
) -> None:
    await page.add_init_script(
        "window.sockets = []; const Socket = window.WebSocket;"
        "window.WebSocket = class extends Socket { constructor(...given) {"
        " super(...given); window.sockets.push(this); } };"
    )
    async with examiner_in(exam) as examiner:
        await join(page, site)
        await examiner.called("exam.ready")
        await examiner.tell(phase="listening", clock="running", remaining_ms="90000")
        await expect(page.locator("#time-left")).to_have_text("1:29")
        states = asyncio.create_task(
            page.evaluate(
                "new Promise(done => new MutationObserver(() =>"
                " done(document.querySelector('#connection').dataset.state))"
                ".observe(document.querySelector('#connection'), {attributes: true}))"
            )
        )
        await page.evaluate("window.sockets.at(-1).close()")
        assert await states == "reconnecting"
        await expect(page.locator("#connection")).to_have_attribute("data-state", "connected")
        await examiner.called("exam.ready")
        await expect(page.locator("#banner")).to_be_hidden()
        assert await remaining(page) < 89_000

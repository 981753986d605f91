"""Recogniser, voice and microphone that fail in an exam that is held aloud."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import numpy as np
import pytest
from livekit import rtc

from robot_student.microphone import RATE
from robot_student.voice import Voice
from tests.faults import proof
from tests.faults.conftest import OpenHouse, Providers
from tests.faults.figures import TOLD_S, Figures
from tests.faults.house import ANSWERS, House
from tests.faults.page import Page
from tests.faults.scale import scaled
from tests.faults.student import LONG, Student
from tests.live.hearing import word_error_rate

pytestmark = [pytest.mark.live, pytest.mark.slow_fault, pytest.mark.timeout(400)]

#: How long a provider refuses, in seconds.
OUTAGE = scaled(30, 10)
#: How long one answer lasts, in seconds.
SPEECH = scaled(1200, 45)
#: What is louder is the examiner's voice, in 16-bit steps.
AUDIBLE = 50
USUAL = "aura-2-orion-en"


@asynccontextmanager
async def _at_ice(house: House, voice: Voice) -> AsyncIterator[tuple[Page, Student]]:
    """A spoken exam in which the second of three questions was asked."""
    await house.staff(1)
    await voice.prepare([LONG])
    async with Page(house.invite(), microphone=True) as page:
        student = Student(page, ANSWERS | {"ice": LONG}, voice)
        await student.asked("ice")
        yield page, student


def _judge(house: House, page: Page, figures: Figures) -> dict[str, Any]:
    """Every question has its answer, and whatever was heard of it."""
    record = house.record(page.sitting)
    answers = {each["question_id"]: each for each in record["answers"]}
    figures.lost = sum(each["status"] != "answered" for each in answers.values())
    assert figures.lost == 0
    proof.whole(record, ANSWERS)
    proof.unforked(house.database_url, page.sitting)
    return answers


async def _told(page: Page, figures: Figures, struck: float, *codes: str) -> float:
    told = await page.first(lambda: [s for code in codes for s in page.notices(code, after=struck)])
    figures.told(told)
    assert figures.told_s is not None
    assert figures.told_s <= TOLD_S, page.story()
    return told


async def test_row_09_the_recognisers_socket_is_cut(
    house: House, providers: Providers, voice: Voice, figures: Figures
) -> None:
    """The STT socket closed in mid-word."""
    async with _at_ice(house, voice) as (page, student):
        await providers.arm(service="listen", kind="drop", at="turn", after_ms=3000)
        speaking = asyncio.create_task(student.answer())
        await asyncio.sleep(3.0)
        # The recogniser's turn begins a little after the first sound, and the fault with it.
        struck = figures.strike()
        await speaking
        await _told(page, figures, struck, "recogniser_failed", "recogniser")
        await page.until(lambda: page.my_turn)
        figures.recovered(monotonic())
        await student.farewell()
    answer = _judge(house, page, figures)["ice"]
    assert "recogniser_failed" in answer["flags"]
    assert _are_in(LONG.partition(".")[0], answer["text"]), answer["text"]


def _are_in(said: str, text: str) -> bool:
    """Whether most of the words are at the beginning of the text."""
    length = len(said.split())
    return word_error_rate(said, " ".join(text.split()[:length])) <= 0.5


async def test_row_10_the_recogniser_stands_still(
    house: House, providers: Providers, voice: Voice, figures: Figures
) -> None:
    """The STT's process stopped by SIGSTOP while the student speaks; its sockets stay open."""
    async with _at_ice(house, voice) as (page, student):
        speaking = asyncio.create_task(student.answer())
        await page.until(lambda: page.look("caption", page.room.local_participant.identity))
        await asyncio.sleep(2.0)
        struck = figures.strike()
        providers.part.process.send_signal(signal.SIGSTOP)
        try:
            await _told(page, figures, struck, "recogniser_failed", "recogniser")
            await page.until(lambda: page.clock == "paused", 10)
            await speaking
        finally:
            providers.part.process.send_signal(signal.SIGCONT)
        await page.until(lambda: page.clock == "running" and page.my_turn)
        figures.recovered(monotonic())
        await student.farewell()
    answer = _judge(house, page, figures)["ice"]
    assert "recogniser_failed" in answer["flags"]


@pytest.mark.parametrize("kind", [pytest.param("401"), "429"])
async def test_row_11_the_recogniser_refuses(
    kind: str,
    opening: OpenHouse,
    providers: Providers,
    voice: Voice,
    figures: Figures,
    free_port: Any,
) -> None:
    """STT refuses every connection, and closes those that there are."""
    metrics = str(free_port())
    with opening(METRICS_PORT=metrics) as house:
        async with _at_ice(house, voice) as (page, student):
            struck = figures.strike()
            await providers.arm(service="listen", kind=kind, times=0)
            await _told(page, figures, struck, "recogniser")
            await page.until(lambda: page.clock == "paused")
            await page.until(
                lambda: page.said("our fault", struck) or page.said("no fault", struck), 30
            )
            await asyncio.sleep(figures.scaled(OUTAGE))
            await providers.disarm()
            await page.until(lambda: page.clock == "running" and page.my_turn)
            figures.recovered(monotonic())
            await student.farewell()
        record = house.record(page.sitting)
        assert not [turn for turn in record["turns"] if turn["event"]["type"] == "silence"]
        _judge(house, page, figures)
        word = {"401": "refused", "429": "limited"}[kind]
        assert f"provider stt failed ({word}) in sitting {page.sitting}" in house.logs()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "429", "times": 0}, id="429"),
        pytest.param({"kind": "500", "times": 0}, id="500"),
        # More than once: the first may meet a reply that was prepared and is not needed.
        pytest.param({"kind": "stall", "after_ms": 1000, "times": 0}, id="stall"),
        pytest.param({"kind": "cut", "after_ms": 1000, "times": 0}, id="cut after 1 s"),
    ],
)
async def test_row_12_the_voice_fails(
    fault: dict[str, Any],
    opening: OpenHouse,
    providers: Providers,
    voice: Voice,
    figures: Figures,
    tmp_path: Any,
) -> None:
    """TTS fails while it speaks, and another voice takes over."""
    own = {"SPEECH_CACHE_DIR": str(tmp_path / "speech"), "FALLBACK_VOICE": "aura-2-thalia-en"}
    with opening(**own) as house:
        await house.staff(1)
        # What is made ahead comes by requests: without them all is spoken as it is made.
        await providers.arm(service="speak", kind="500", over="request", model=USUAL, times=0)
        async with Page(house.invite(), microphone=True) as page:
            student = Student(page, ANSWERS, voice)
            await student.asked("rain")
            await providers.arm(service="speak", over="socket", model=USUAL, **fault)
            await student.answer()
            struck = figures.strike()
            told = await page.first(
                lambda: (
                    page.notices("voice_failed", after=struck)
                    or page.notices("voice", after=struck)
                )
            )
            figures.told(told)
            assert figures.told_s is not None
            assert figures.told_s <= TOLD_S, page.story()
            await page.until(lambda: page.said("Why does ice swim on water?", struck))
            await page.until(lambda: page.my_turn and page.asked == "ice")
            figures.recovered(monotonic())
            await providers.disarm()
            await student.farewell()
        record = house.record(page.sitting)
        _judge(house, page, figures)
        failed = [turn for turn in record["turns"] if turn["event"]["type"] == "failed"]
        assert failed
        assert "provider tts failed" in house.logs()


async def test_row_33_the_microphone_gives_nothing(
    house: House, voice: Voice, figures: Figures
) -> None:
    """The microphone muted, unplugged, and giving digital silence, one after the other."""
    async with _at_ice(house, voice) as (page, student):
        told, recovered = [], []
        for how in ("muted", "unplugged", "digital silence"):
            await page.until(lambda: page.clock == "running" and page.my_turn)
            struck = figures.strike()
            await _silence(page, how)
            await _told(page, figures, struck, "microphone")
            told.append(figures.told_s)
            await page.until(lambda: page.clock == "paused", 10)
            await _open(page, how)
            await page.until(lambda: page.clock == "running" and page.my_turn, 60)
            figures.recovered(monotonic())
            recovered.append(figures.recovered_s)
            assert page.asked == "ice", "it is still the same question"
        figures.told_s = figures.noticed_s = max(each for each in told if each)
        figures.recovered_s = max(each for each in recovered if each)
        await student.farewell()
    answer = _judge(house, page, figures)["ice"]
    assert word_error_rate(LONG, answer["text"]) <= 0.35
    turns = house.record(page.sitting)["turns"]
    assert not [turn for turn in turns if turn["event"]["type"] == "silence"]


async def _silence(page: Page, how: str) -> None:
    assert page.track is not None
    assert page.microphone is not None
    if how == "muted":
        page.track.mute()
    elif how == "unplugged":
        await page.unpublish()
    else:
        page.microphone.speak(np.zeros(RATE * 10, np.int16))


async def _open(page: Page, how: str) -> None:
    assert page.track is not None
    if how == "muted":
        page.track.unmute()
    elif how == "unplugged":
        await page.publish()


async def test_row_34_the_examiner_hears_itself(
    house: House, voice: Voice, figures: Figures
) -> None:
    """The examiner's voice comes back through the student's speakers."""
    await house.staff(1)
    async with Page(house.invite(), microphone=True) as page:
        student = Student(page, ANSWERS, voice)
        await student.asked("rain")
        figures.strike()
        echo = asyncio.create_task(_echo(page))
        await student.answer()
        await page.until(lambda: page.notices("echo", after=figures.struck), 60)
        figures.told(page.notices("echo", after=figures.struck)[0].at)
        echo.cancel()
        await asyncio.gather(echo, return_exceptions=True)
        await student.farewell()
        figures.recovered(monotonic())
    answers = _judge(house, page, figures)
    for question, said in ANSWERS.items():
        assert word_error_rate(said, answers[question]["text"]) <= 0.35, answers[question]["text"]


async def _echo(page: Page) -> None:
    """What is heard goes into the microphone at half its loudness, until cancelled."""
    assert page.voice_of_examiner is not None
    assert page.microphone is not None
    stream = rtc.AudioStream(page.voice_of_examiner, sample_rate=RATE, num_channels=1)
    try:
        async for event in stream:
            heard = np.frombuffer(event.frame.data, np.int16)
            if np.abs(heard).max() > AUDIBLE:
                page.microphone.speak((heard // 2).astype(np.int16))
    finally:
        await stream.aclose()


async def test_row_28_noise_is_no_answer(house: House, voice: Voice, figures: Figures) -> None:
    """Noise instead of an answer."""
    async with _at_ice(house, voice) as (page, student):
        figures.strike()
        noise = np.random.default_rng(seed=1).normal(0.0, 2000.0, RATE * 8)
        await page.speak(noise.astype(np.int16))
        await page.until(lambda: page.my_turn, 90)
        figures.recovered(monotonic())
        assert page.asked == "ice"
        await student.farewell()
    answer = _judge(house, page, figures)["ice"]
    assert word_error_rate(LONG, answer["text"]) <= 0.35


async def test_row_26_long_silence(house: House, voice: Voice, figures: Figures) -> None:
    """Silence for as long as it takes: check-ins, on to the next question, the end."""
    await house.staff(1)
    # All that is due within ten minutes of it is due here within the time of two questions.
    figures.scale = 0.15
    async with Page(house.invite(exam="silent"), microphone=True) as page:
        student = Student(page, {}, voice)
        await student.asked("rain")
        figures.strike()
        figures.told(
            await page.first(lambda: page.look("caption", "examiner", after=figures.struck), 60)
        )
        await page.until(lambda: page.asked == "ice", 120)
        await page.until(lambda: page.over, 200)
        figures.recovered(monotonic())
    record = house.record(page.sitting)
    assert record["sitting"]["status"] == "finished"
    assert {each["status"] for each in record["answers"]} == {"unanswered"}
    assert [each["text"] for each in record["answers"]] == ["", ""]
    figures.lost = 0


async def test_row_27_speech_without_a_pause(house: House, voice: Voice, figures: Figures) -> None:
    """Speech without a pause beyond the answer's limit: asked to finish, and all is kept."""
    await house.staff(1)
    await voice.prepare([LONG])
    length_s = figures.scaled(SPEECH)
    async with Page(house.invite(exam="endless"), microphone=True) as page:
        student = Student(page, {}, voice)
        await student.asked("ice")
        once = voice.say(LONG)
        often = max(2, round(length_s * RATE / len(once)))
        struck = figures.strike()
        speaking = asyncio.create_task(page.speak(np.tile(once, often)))
        limit_s = 20.0
        figures.told(await page.first(lambda: page.notices("answer_long", after=struck)))
        assert figures.told_s is not None
        assert limit_s - 3 <= figures.told_s <= limit_s + TOLD_S
        await speaking
        await page.until(lambda: page.over, 120)
        figures.recovered(monotonic())
    record = house.record(page.sitting)
    (answer,) = record["answers"]
    assert answer["status"] == "answered"
    words, said = answer["text"].split(), LONG.split()
    assert len(words) >= 0.7 * often * len(said), f"{len(words)} of {often * len(said)} words"
    figures.lost = 0

"""Ears and voice that fail in an exam: nothing is lost, the student knows, and it goes on."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from robot_student.report import Notice, Report
from robot_student.robot import Robot
from robot_student.script import load
from robot_student.settings import SpeechSettings
from robot_student.voice import Voice
from tests.conftest import LiveKitServer
from tests.live.hearing import word_error_rate
from tests.processes import running
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.live, pytest.mark.timeout(420)]

PAPERS = Path(__file__).parent / "fault_papers"
#: Whoever is not told after so long begins to wonder, in seconds.
TOLD_S = 5.0
OUTAGE_S = 10.0
#: How long a voice that failed is not asked, in seconds.
REST_S = 4.0
USUAL, OTHER = "aura-2-orion-en", "aura-2-thalia-en"

Director = Callable[["Stage"], Awaitable[None]]


class Stage:
    """An exam that goes on, and the providers it depends on."""

    def __init__(self, database: Path, user: str, providers: httpx.AsyncClient) -> None:
        self._database = database
        self._user = user
        self._providers = providers
        #: When each fault struck, by a name.
        self.struck: dict[str, float] = {}

    async def arm(self, **fault: Any) -> None:
        (await self._providers.post("/faults", json=fault)).raise_for_status()

    async def disarm(self) -> None:
        (await self._providers.delete("/faults")).raise_for_status()

    async def strikes(self, name: str) -> None:
        """All that is armed has struck now."""
        await _until(self._nothing_armed)
        self.struck[name] = time()

    async def asked(self, question: str) -> None:
        """The examiner has come to this question."""
        await _until(lambda: self._has("kind = 'question' AND question_id = ?", question))

    async def told(self, kind: str, count: int = 1) -> None:
        """So many events of this kind are recorded."""
        await _until(lambda: self._count_events(kind, count))

    async def _nothing_armed(self) -> bool:
        return bool((await self._providers.get("/faults")).json() == [])

    async def _has(self, condition: str, value: str) -> bool:
        query = f"SELECT 1 FROM utterances JOIN sittings ON id = sitting_id WHERE {condition}"
        return bool(await asyncio.to_thread(self._rows, query, value))

    async def _count_events(self, kind: str, count: int) -> bool:
        query = (
            "SELECT 1 FROM turns JOIN sittings ON id = sitting_id "
            "WHERE json_extract(event, '$.type') = ?"
        )
        return len(await asyncio.to_thread(self._rows, query, kind)) >= count

    def _rows(self, query: str, value: str) -> list[Any]:
        with sqlite3.connect(f"file:{self._database}?mode=ro", uri=True) as database:
            return database.execute(f"{query} AND user_id = ?", (value, self._user)).fetchall()


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(120):
        while not await condition():  # noqa: ASYNC110  it lies in other processes
            await asyncio.sleep(0.1)


@dataclass(frozen=True)
class Taken:
    """An exam that was taken under faults."""

    report: Report
    record: dict[str, Any]
    struck: dict[str, float] = field(default_factory=dict)

    def answer(self, question: str) -> dict[str, Any]:
        (found,) = [each for each in self.record["answers"] if each["question_id"] == question]
        return dict(found)

    def turns(self, flag: str) -> list[dict[str, Any]]:
        return [turn for turn in self.record["turns"] if flag in turn["flags"]]

    def told_after_s(self, fault: str, code: str) -> float:
        """How long after a fault the page had a notice of this code."""
        began = self.report.started_at.timestamp()
        times = [began + each.at_s - self.struck[fault] for each in self._notices(code)]
        return min(seconds for seconds in times if seconds > -0.5)

    def _notices(self, code: str) -> list[Notice]:
        return [each for each in self.report.notices if each.code == code and each.text]


@pytest.fixture(scope="module")
def failing_providers(
    free_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("failing_providers") / "log"
    command = [sys.executable, "-m", "local_providers", "--faults", "--port", str(port)]
    with running(command, f"{origin}/healthz", log, 90, {"PYTHONUNBUFFERED": "1"}):
        yield origin


@pytest.fixture(scope="module")
def stack(
    livekit_server: LiveKitServer,
    failing_providers: str,
    free_port: Callable[[], int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("faults")
    # Nothing of another run's speech: what is said is to come from the voice that fails.
    cache = str(folder / "speech")
    with running_stack(
        livekit_server,
        failing_providers,
        PAPERS,
        folder,
        free_port,
        SPEECH_CACHE_DIR=cache,
        FALLBACK_VOICE=OTHER,
        VOICE_REST_S=str(REST_S),
    ) as stack:
        yield stack


@asynccontextmanager
async def _stage(stack: Stack, user: str, providers: str) -> AsyncIterator[Stage]:
    async with httpx.AsyncClient(base_url=providers, timeout=10) as client:
        stage = Stage(stack.database, user, client)
        try:
            yield stage
        finally:
            await stage.disarm()


def _take(stack: Stack, providers: str, exam: str, director: Director) -> Taken:
    async def take() -> Taken:
        # Nobody has seen this student before, when the exam is taken once more.
        user = f"{exam}-{uuid4().hex[:6]}@example.org"
        link = await asyncio.to_thread(stack.invite, user, exam)
        script = load(PAPERS / f"{exam}.robot.yaml")
        robot = Robot(link, script, voice=Voice(SpeechSettings(base_url=providers)), timeout_s=240)
        async with _stage(stack, user, providers) as stage:
            directing = asyncio.ensure_future(director(stage))
            report = await robot.take_exam()
            log = stack.database.with_name("worker-0.log").read_text()
            assert report.completed, f"{report.failure}\n{log}"
            await directing
            assert report.session_id is not None
            record = await asyncio.to_thread(stack.record, report.session_id)
            return Taken(report, record, stage.struck)

    return asyncio.run(take())


# -- the recogniser --


async def _deafen(stage: Stage) -> None:
    await stage.asked("rain")
    await stage.arm(service="listen", kind="drop", at="turn", after_ms=1500)
    await stage.strikes("cut")
    await stage.asked("ice")
    await stage.arm(service="listen", kind="stall", at="turn", after_ms=500)
    await stage.strikes("deaf")
    await stage.asked("moon")
    await stage.arm(service="listen", kind="429", times=0)
    stage.struck["limited"] = time()
    await asyncio.sleep(OUTAGE_S)
    await stage.disarm()


@pytest.fixture(scope="module")
def deaf(stack: Stack, failing_providers: str) -> Taken:
    return _take(stack, failing_providers, "deaf", _deafen)


def _said(question: str) -> str:
    step = load(PAPERS / "deaf.robot.yaml").questions[question][0]
    return str(step.say)  # type: ignore[union-attr]


@pytest.mark.parametrize("question", ["rain", "ice"])
def test_an_answer_keeps_its_words_through_a_cut_and_through_deafness(
    deaf: Taken, question: str
) -> None:
    answer = deaf.answer(question)
    assert answer["status"] == "answered"
    assert "recogniser_failed" in answer["flags"]
    # A word may be heard twice, where the second connection begins; none is missing.
    assert word_error_rate(_said(question), answer["text"]) <= 0.35, answer["text"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [("cut", "recogniser_failed"), ("deaf", "recogniser_failed"), ("limited", "recogniser")],
)
def test_the_page_tells_soon_that_the_student_is_not_heard(
    deaf: Taken, fault: str, code: str
) -> None:
    assert deaf.told_after_s(fault, code) <= TOLD_S


def test_while_the_recogniser_refuses_the_clock_stands_and_it_is_said(deaf: Taken) -> None:
    turns = deaf.record["turns"]
    lost = next(turn for turn in turns if turn["event"].get("cause") == "recogniser")
    back = next(
        turn for turn in turns[turns.index(lost) :] if turn["event"]["type"] == "sound_back"
    )
    assert back["used_ms"] - lost["used_ms"] < 1000
    assert (
        "our fault" in lost["utterances"][0]["text"] or "no fault" in lost["utterances"][0]["text"]
    )
    assert lost["utterances"][0]["heard_ms"] > 0
    between = turns[turns.index(lost) : turns.index(back)]
    assert not [turn for turn in between if turn["event"]["type"] == "silence"]


def test_the_exam_with_failing_ears_ends_with_every_answer(deaf: Taken) -> None:
    assert deaf.record["sitting"]["status"] == "finished"
    assert {each["status"] for each in deaf.record["answers"]} == {"answered"}
    assert "sun" in deaf.answer("moon")["text"].lower()


# -- the voice --


async def _silence(stage: Stage) -> None:
    # Its speech is made ahead by requests: without them all is spoken as it is synthesised.
    await stage.arm(service="speak", kind="500", over="request", model=USUAL, times=0)
    await stage.asked("rain")
    await stage.arm(service="speak", kind="cut", over="socket", model=USUAL, after_ms=1000)
    await stage.told("failed", 1)
    # So long the voice that failed is not asked.
    await asyncio.sleep(REST_S)
    # A reply that is prepared and not needed may meet it too: all of them do.
    await stage.arm(
        service="speak", kind="stall", over="socket", model=USUAL, after_ms=1000, times=0
    )
    await stage.told("failed", 2)
    await stage.asked("bread")
    await stage.arm(service="speak", kind="500", times=0)
    await stage.told("sound_lost")
    await asyncio.sleep(OUTAGE_S)
    await stage.disarm()


@pytest.fixture(scope="module")
def mute(stack: Stack, failing_providers: str) -> Taken:
    return _take(stack, failing_providers, "mute", _silence)


@pytest.mark.slow_fault
def test_row_12_what_a_voice_broke_off_is_said_again_to_its_end_by_another(mute: Taken) -> None:
    failed = [turn for turn in mute.record["turns"] if turn["event"]["type"] == "failed"]
    assert len(failed) >= 3, "a cut, a stall, and both voices refused"
    assert all("voice_failed" in turn["flags"] for turn in failed)
    for question in ("storks", "ice", "moon"):
        asked = [
            each
            for turn in mute.record["turns"]
            for each in turn["utterances"]
            if each["kind"] == "question" and each["question_id"] == question
        ]
        assert asked[-1]["whole"], asked


@pytest.mark.slow_fault
def test_row_12_the_page_tells_of_a_voice_that_failed(mute: Taken) -> None:
    codes = [each.code for each in mute.report.notices if each.text]
    assert codes.count("voice_failed") >= 2
    assert "voice" in codes


@pytest.mark.slow_fault
def test_row_12_without_any_voice_the_question_is_on_the_page_and_asked_aloud_later(
    mute: Taken,
) -> None:
    turns = mute.record["turns"]
    lost = next(turn for turn in turns if turn["event"].get("cause") == "voice")
    back = next(turn for turn in turns if turn["event"]["type"] == "sound_back")
    assert back["used_ms"] - lost["used_ms"] < 1000
    asked = back["utterances"][-1]
    assert (asked["question_id"], asked["whole"]) == ("moon", True)
    captions = [each for each in mute.report.captions if asked["text"] in each.text]
    assert len(captions) >= 2, "read once, and heard once"


@pytest.mark.slow_fault
def test_row_12_the_exam_with_a_failing_voice_ends_with_every_answer(mute: Taken) -> None:
    assert mute.record["sitting"]["status"] == "finished"
    assert {each["status"] for each in mute.record["answers"]} == {"answered"}
    assert "sun" in mute.answer("moon")["text"].lower()

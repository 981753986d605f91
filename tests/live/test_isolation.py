"""Four exams at once on two workers: nothing of one is in another, nor does its end end another."""

import asyncio
import contextlib
import json
import os
import re
import signal
import wave
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from robot_student.report import Report
from robot_student.robot import Robot
from robot_student.script import Script
from robot_student.settings import SpeechSettings
from robot_student.voice import Voice
from tests.conftest import LiveKitServer
from tests.live.hearing import transcribe, word_error_rate
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.live, pytest.mark.timeout(420)]

#: Each exam's own words, in its questions and in its student's answers.
CODE_WORDS = {
    "alpha": ("elephant", "umbrella"),
    "beta": ("volcano", "chocolate"),
    "gamma": ("diamond", "kangaroo"),
    "delta": ("banana", "telescope"),
}
KILLED = "alpha"
OTHERS = [exam for exam in CODE_WORDS if exam != KILLED]


def _paper(exam: str) -> dict[str, Any]:
    asked, _ = CODE_WORDS[exam]
    questions = [f"What do you know about the {asked}?", f"Where would you look for the {asked}?"]
    return {
        "id": exam,
        "title": f"The {asked}",
        "duration_minutes": 10,
        "practice": "How are you?",
        "questions": [
            {
                "id": f"{asked}-{number}",
                "kind": "open",
                "ask": ask,
                "marks": 1,
                "points": [{"id": "any", "marks": 1, "looks_for": f"the {asked}"}],
            }
            for number, ask in enumerate(questions)
        ],
    }


def _answers(exam: str) -> list[str]:
    _, answered = CODE_WORDS[exam]
    return [
        f"It makes me think of a {answered}, every time.",
        f"I would look behind the big {answered}.",
    ]


def _script(exam: str) -> Script:
    asked, _ = CODE_WORDS[exam]
    first, second = _answers(exam)
    return Script.model_validate(
        {
            "exam": exam,
            "practice": "I am very well.",
            "questions": {
                f"{asked}-0": first,
                f"{asked}-1": second,
            },
        }
    )


@dataclass(frozen=True)
class Taken:
    """What is left of four exams."""

    stack: Stack
    reports: dict[str, Report]
    folder: Path

    def heard(self, exam: str) -> str:
        recording = self.folder / exam / "heard.wav"
        with wave.open(str(recording)) as audio:
            length_s = audio.getnframes() / audio.getframerate()
        return transcribe(recording, 0.3, length_s - 0.3)

    def captions(self, exam: str) -> str:
        return " ".join(line.text for line in self.reports[exam].captions)

    def record(self, exam: str) -> str:
        sitting = self.reports[exam].session_id
        assert sitting is not None
        return json.dumps(self.stack.record(sitting))

    def checkpoints(self, exam: str) -> str:
        rows = self.stack.rows(
            "SELECT checkpoint, metadata FROM checkpoints WHERE thread_id = ?",
            self.reports[exam].session_id,
        )
        return " ".join(
            part.decode(errors="replace") if isinstance(part, bytes) else str(part)
            for row in rows
            for part in row
        )


@pytest.fixture(scope="module")
def taken(
    livekit_server: LiveKitServer,
    local_providers: str,
    free_port: Callable[[], int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Taken]:
    folder = tmp_path_factory.mktemp("isolation")
    papers = folder / "papers"
    papers.mkdir()
    for exam in CODE_WORDS:
        (papers / f"{exam}.yaml").write_text(yaml.safe_dump(_paper(exam)))
    with running_stack(
        livekit_server, local_providers, papers, folder, free_port, workers=2, MAX_EXAMS="2"
    ) as stack:
        reports = asyncio.run(_take_all(stack, local_providers, folder))
        yield Taken(stack, reports, folder)


async def _take_all(stack: Stack, providers: str, folder: Path) -> dict[str, Report]:
    voice = Voice(SpeechSettings(base_url=providers))
    for exam in CODE_WORDS:
        await voice.prepare(_script(exam).words(), None)
    robots = {
        exam: asyncio.create_task(
            Robot(
                stack.invite(f"student-{exam}", exam),
                _script(exam),
                voice=voice,
                timeout_s=300,
                record=folder / exam,
            ).take_exam()
        )
        for exam in CODE_WORDS
    }
    async for sitting in _sitting_in_question(stack, KILLED):
        os.kill(_process_of(folder, sitting), signal.SIGKILL)
    reports = {exam: await robots[exam] for exam in OTHERS}
    robots[KILLED].cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await robots[KILLED]
    return reports


async def _sitting_in_question(stack: Stack, exam: str) -> AsyncIterator[str]:
    """The id of the exam's sitting, once its first question has been asked."""
    query = (
        "SELECT sittings.id FROM sittings JOIN utterances ON utterances.sitting_id = sittings.id"
        " WHERE sittings.exam_id = ? AND utterances.kind = 'question' AND utterances.whole"
    )
    while True:
        if found := stack.rows(query, exam):
            yield found[0][0]
            return
        await asyncio.sleep(0.2)


def _process_of(folder: Path, sitting: str) -> int:
    for log in folder.glob("worker-*.log"):
        if found := re.search(rf"examining sitting {sitting} in process (\d+)", log.read_text()):
            return int(found[1])
    raise AssertionError(f"no worker examines {sitting}")


def _foreign_words(exam: str) -> list[str]:
    return [word for other, words in CODE_WORDS.items() if other != exam for word in words]


def test_both_workers_examined(taken: Taken) -> None:
    logs = [log.read_text() for log in sorted(taken.folder.glob("worker-*.log"))]
    assert min(log.count("examining sitting") for log in logs) >= 2


@pytest.mark.parametrize("exam", OTHERS)
def test_row_02_the_others_complete_when_one_job_is_killed(taken: Taken, exam: str) -> None:
    report = taken.reports[exam]
    assert report.completed, report.failure
    assert json.loads(taken.record(exam))["sitting"]["status"] == "finished"


@pytest.mark.parametrize("exam", OTHERS)
@pytest.mark.parametrize("trace", ["heard", "captions", "record", "checkpoints"])
def test_nothing_of_one_exam_is_in_another(taken: Taken, exam: str, trace: str) -> None:
    content = getattr(taken, trace)(exam).lower()
    assert CODE_WORDS[exam][0] in content, content
    assert [word for word in _foreign_words(exam) if word in content] == []


@pytest.mark.parametrize("exam", OTHERS)
def test_each_answer_is_the_students_own(taken: Taken, exam: str) -> None:
    answers = json.loads(taken.record(exam))["answers"]
    assert [answer["status"] for answer in answers] == ["answered", "answered"]
    for answer, said in zip(answers, _answers(exam), strict=True):
        own = word_error_rate(said, answer["text"])
        assert own <= 0.5, answer["text"]

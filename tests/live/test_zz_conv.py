"""A robot talks as students do: asks again, pauses, interrupts, is silent, muted, out of time."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from robot_student.report import Report, Turn
from robot_student.robot import Robot
from robot_student.script import load
from robot_student.settings import SpeechSettings
from robot_student.voice import Voice
from tests.conftest import LiveKitServer
from tests.live.hearing import word_error_rate
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.live, pytest.mark.timeout(420)]

PAPERS = Path(__file__).parent / "papers"
RAIN = "Why does it often rain in the mountains?"
STORKS = (
    "For what reason do many large birds leave the cold countries of the north in the autumn of "
    "every year?"
)
PLANET = "Which of these three planets is the nearest neighbour of the sun?"
OWN = ("--profile", "own_turn_end=true")


@dataclass(frozen=True)
class Taken:
    """An exam that was taken: what the robot noticed, and the record."""

    report: Report
    record: dict[str, Any]

    @property
    def turns(self) -> list[dict[str, Any]]:
        turns: list[dict[str, Any]] = self.record["turns"]
        return turns

    def answer(self, question: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = [
            each for each in self.record["answers"] if each["question_id"] == question
        ]
        assert len(found) == 1, found
        return found[0]

    def asked(self, words: str) -> list[dict[str, Any]]:
        """Every time these words were spoken."""
        said = [each for turn in self.turns for each in turn["utterances"]]
        return [each for each in said if each["text"] == words]

    def spoke(self, kind: str, question: str) -> Turn:
        """The robot's turn of this kind at a question."""
        return next(
            turn for turn in self.report.turns if (turn.kind, turn.question) == (kind, question)
        )


@dataclass(frozen=True)
class Exams:
    talk: Taken
    short_time: Taken
    own_end: Taken


@pytest.fixture(scope="module")
def exams(
    livekit_server: LiveKitServer,
    local_providers: str,
    free_port: Callable[[], int],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Exams]:
    """Two robots at a time: one takes the long exam, another the short ones meanwhile."""
    folder = tmp_path_factory.mktemp("conversation")
    voice = Voice(SpeechSettings(base_url=local_providers))
    with running_stack(livekit_server, local_providers, PAPERS, folder, free_port) as stack:

        async def all_three() -> Exams:
            async def short_ones() -> tuple[Taken, Taken]:
                own_end = await _take(stack, voice, "own-end", *OWN)
                return own_end, await _take(stack, voice, "short-time")

            talk, (own_end, short_time) = await asyncio.gather(
                _take(stack, voice, "talk"), short_ones()
            )
            return Exams(talk, short_time, own_end)

        yield asyncio.run(all_three())


async def _take(stack: Stack, voice: Voice, exam: str, *profile: str) -> Taken:
    link = await asyncio.to_thread(stack.invite, f"{exam}@example.org", exam, *profile)
    script = load(PAPERS / f"{exam}.robot.yaml")
    report = await Robot(link, script, voice=voice, timeout_s=300).take_exam()
    log = stack.database.with_name("worker-0.log").read_text()
    import json, sys
    if report.session_id:
        rec = await asyncio.to_thread(stack.record, report.session_id)
        Path(f"/tmp/w4/{exam}.json").write_text(json.dumps(rec))
        Path(f"/tmp/w4/{exam}.report.json").write_text(report.model_dump_json(indent=1))
    Path(f"/tmp/w4/worker.log").write_text(log)
    assert report.completed, f"{report.failure}\n{log[-3000:]}"
    assert report.session_id is not None
    return Taken(report, await asyncio.to_thread(stack.record, report.session_id))


def test_it(exams: Exams) -> None:
    pass

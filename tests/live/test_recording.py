"""An exam whose examiner is killed in the middle: what is left of its sound, and where it is."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import av
import numpy as np
import pytest

from records.recordings import Recording, position_ms
from robot_student.robot import Robot
from robot_student.script import load
from robot_student.settings import SpeechSettings
from robot_student.voice import Voice
from tests.conftest import LiveKitServer
from tests.processes import ROOT
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]

PAPERS = Path(__file__).parent / "papers"
RATE = 48_000
SPOKEN = (
    "SELECT count(*) FROM turns WHERE sitting_id = ?"
    " AND json_extract(event, '$.type') = 'student_spoke'"
)
EXAMINING = re.compile(r"examining sitting (\w+) in process (\d+)")


@dataclass
class Killed:
    """`at`: when the examiner's process was; `sitting`: whose."""

    at: datetime
    sitting: str


def test_a_killed_examiner_takes_two_seconds_of_sound_with_it_at_most(
    livekit_server: LiveKitServer,
    local_providers: str,
    free_port: Callable[[], int],
    tmp_path: Path,
) -> None:
    with running_stack(livekit_server, local_providers, PAPERS, tmp_path, free_port) as stack:
        robot = Robot(
            stack.invite("ada@example.org", "three"),
            load(PAPERS / "three.robot.yaml"),
            voice=Voice(SpeechSettings(base_url=local_providers)),
            timeout_s=280,
        )
        killed = asyncio.run(_taken(robot, tmp_path / "worker-0.log", stack))
        told = _joined(stack, killed.sitting)
        first, second = told["segments"]
        assert (first["state"], second["state"]) == ("recovered", "closed")
        lasted = (killed.at - datetime.fromisoformat(first["started_at"])).total_seconds()
        assert lasted - first["duration_ms"] / 1000 <= 2.0
        out = tmp_path / "whole.ogg"
        stack.door("records", "recording", killed.sitting, "--out", str(out))
        _check_voices(stack.record(killed.sitting), told["recording"], out.read_bytes())
        assert "is as it was recorded" in stack.door("records", "verify", killed.sitting)
        assert "stt_seconds" in stack.door("records", "costs", killed.sitting)
        _change_a_byte(tmp_path / "recordings" / told["recording"]["path"])
        verify = [sys.executable, "-m", "records", "verify", killed.sitting]
        done = subprocess.run(verify, cwd=ROOT, env=os.environ | stack.env, capture_output=True)
        assert (done.returncode, b"not the sound" in done.stdout) == (1, True)


async def _taken(robot: Robot, log: Path, stack: Stack) -> Killed:
    taking = asyncio.create_task(robot.take_exam())
    killing = asyncio.create_task(asyncio.to_thread(_kill_in_mid_exam, log, stack))
    await asyncio.wait({taking, killing}, return_when=asyncio.FIRST_COMPLETED)
    killed = await killing
    report = await taking
    assert report.completed, f"{report.failure}, see {log}"
    return killed


def _kill_in_mid_exam(log: Path, stack: Stack) -> Killed:
    """Once the student has answered twice."""
    deadline = monotonic() + 120
    while monotonic() < deadline:
        if (found := EXAMINING.search(log.read_text())) is not None:
            sitting, process = found.groups()
            ((spoken,),) = stack.rows(SPOKEN, sitting)
            if spoken >= 3:
                os.kill(int(process), signal.SIGKILL)
                return Killed(datetime.now(UTC), sitting)
        sleep(0.3)
    raise AssertionError(log.read_text())


def _joined(stack: Stack, sitting: str) -> dict[str, Any]:
    stack.door("records", "join", sitting)
    told: dict[str, Any] = json.loads(stack.door("records", "recording", sitting, "--json"))
    return told


def _check_voices(record: dict[str, Any], told: dict[str, Any], sound: bytes) -> None:
    """Where the student's turns are, the student is heard on the left; the examiner right."""
    whole = Recording(**(told | {"at": datetime.now(UTC)}))
    with av.open(BytesIO(sound), "r") as container:
        left, right = np.concatenate(
            [frame.to_ndarray() for frame in container.decode(audio=0)], axis=1
        )
    assert len(left) / RATE * 1000 == pytest.approx(whole.duration_ms, abs=100)

    def loudness(channel: Any, at_ms: int, seconds: float) -> float:
        piece = channel[round(at_ms * RATE / 1000) :][: round(seconds * RATE)]
        return float(np.sqrt(np.mean(np.square(piece))))

    students, examiners = 0, 0
    for turn in record["turns"]:
        at = position_ms(whole, turn["segment"], turn["offset_ms"])
        if turn["event"]["type"] == "student_spoke" and at is not None:
            students += loudness(left, at, 2.0) > 0.01
        for said in turn["utterances"]:
            at = position_ms(whole, said["segment"], said["offset_ms"])
            if at is not None and said["whole"] and said["heard_ms"] > 1500:
                assert loudness(right, at, 1.2) > 0.01, said["text"]
                examiners += 1
    assert students >= 4
    assert examiners >= 4


def _change_a_byte(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)

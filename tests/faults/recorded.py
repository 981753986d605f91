"""What has to be true of the sound of an exam whose examiner was killed."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from records.recordings import Recording, position_ms
from tests.processes import ROOT
from tests.stack import Stack

RATE = 48_000
#: What a killed examiner may take with it, in seconds.
LOST_S = 2.0


def check(stack: Stack, sitting: str, killed: datetime, out: Path) -> None:
    """Joined into one file with both voices in their places, proved, counted; a changed byte is
    named. `out`: where the file is copied to."""
    stack.door("records", "join", sitting)
    told: dict[str, Any] = json.loads(stack.door("records", "recording", sitting, "--json"))
    first, second = told["segments"]
    assert (first["state"], second["state"]) == ("recovered", "closed")
    lasted = (killed - datetime.fromisoformat(first["started_at"])).total_seconds()
    assert lasted - first["duration_ms"] / 1000 <= LOST_S
    stack.door("records", "recording", sitting, "--out", str(out))
    _check_voices(stack.record(sitting), told["recording"], out.read_bytes())
    assert "is as it was recorded" in stack.door("records", "verify", sitting)
    assert "stt_seconds" in stack.door("records", "costs", sitting)
    _change_a_byte(stack.recordings / told["recording"]["path"])
    verify = [sys.executable, "-m", "records", "verify", sitting]
    done = subprocess.run(verify, cwd=ROOT, env=os.environ | stack.env, capture_output=True)
    assert (done.returncode, b"not the sound" in done.stdout) == (1, True)


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

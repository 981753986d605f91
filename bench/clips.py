"""The script's lines as a student says them: a marker that names student and line, then speech."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.processes import ROOT
from bench.script import Line, load
from bench.speech.clips import clip
from bench.speech.marker import encode
from bench.student import Clip
from robot_student.microphone import RATE


def script_file() -> Path:
    """Read by the stand-ins too."""
    return ROOT / "bench" / "script.yaml"


def clips_of(student: int, limit: int | None) -> Sequence[Clip]:
    """What a student says: all lines, or the first `limit`."""
    return [_clip(student, line) for line in load(script_file()).lines[:limit]]


def _clip(student: int, line: Line) -> Clip:
    marker = encode(student, line.id, RATE)
    samples = np.concatenate([marker, clip(line)])
    return Clip(line.id, samples, len(marker) / RATE, barge_in=line.kind == "barge_in")

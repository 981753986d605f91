"""The script's lines as a student says them: a marker that names student and line, then speech."""

from collections.abc import Sequence

import numpy as np

from bench.processes import ROOT
from bench.script import Line, Script
from bench.speech.clips import Clips
from bench.speech.marker import MARKER_S, encode
from bench.student import Clip
from robot_student.microphone import RATE

FOLDER = ROOT / "var" / "bench" / "clips"


def prepare(limit: int | None) -> None:
    """Makes the sound of all lines, or of the first `limit`, unless it is there."""
    Clips(FOLDER).prepare(Script.load().lines[:limit])


def clips_of(student: int, limit: int | None) -> Sequence[Clip]:
    """What a student says: all lines, or the first `limit`."""
    clips = Clips(FOLDER)
    return [_clip(clips, student, line) for line in Script.load().lines[:limit]]


def _clip(clips: Clips, student: int, line: Line) -> Clip:
    samples = np.concatenate([encode(student, line.id, RATE), clips.clip(line)])
    return Clip(line.id, samples, MARKER_S, barge_in=line.kind == "barge_in")

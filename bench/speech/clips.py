"""The student's lines as sound: made once, kept under var/bench/clips by what they were made of."""

import hashlib
import io
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bench.script import Line
from bench.speech.marker import ROOM_NOISE, Samples
from robot_student.hearing import trim

if TYPE_CHECKING:
    from local_providers.voice import Voice

RATE = 48_000
FOLDER = Path("var/bench/clips")
_MADE_AS = 1
"""Rises when the way clips are made changes, so that old ones are not used."""


@dataclass(frozen=True)
class Spoken:
    """A word and when it is said, in seconds from the clip's first sample."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Timing:
    """When what is said, in seconds from the clip's first sample; `pauses`: start and end."""

    seconds: float
    words: tuple[Spoken, ...]
    pauses: tuple[tuple[float, float], ...] = ()


class Clips:
    """The sound of lines at 48 kHz mono, without silence at either end."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._timings: dict[str, Timing] = {}
        self._voice: Voice | None = None

    def prepare(self, lines: Iterable[Line]) -> None:
        """Makes what is not there yet, and lets go of the voice."""
        for line in lines:
            self.timing(line)
        if self._voice is not None:
            self._voice.close()
            self._voice = None

    def clip(self, line: Line) -> Samples:
        """What to say right after the marker: its last sample is the true end of speech."""
        file = self._file(line, "npy")
        if not file.exists():
            self._make(line)
        samples: Samples = np.load(file)
        return samples

    def timing(self, line: Line) -> Timing:
        """When the words of that clip are said."""
        file = self._file(line, "json")
        if file.name in self._timings:
            return self._timings[file.name]
        if not file.exists():
            self._make(line)
        data = json.loads(file.read_text(encoding="utf-8"))
        timing = Timing(
            seconds=data["seconds"],
            words=tuple(Spoken(**each) for each in data["words"]),
            pauses=tuple((start, end) for start, end in data["pauses"]),
        )
        self._timings[file.name] = timing
        return timing

    def _make(self, line: Line) -> None:
        samples, timing = join([self._speak(part) for part in line.parts], line)
        self._folder.mkdir(parents=True, exist_ok=True)
        sound = io.BytesIO()
        np.save(sound, samples)
        _keep(self._file(line, "npy"), sound.getvalue())
        _keep(self._file(line, "json"), json.dumps(asdict(timing)).encode())

    def _speak(self, text: str) -> Samples:
        # Piper costs a second and 100 MB that nobody needs whose clips are there.
        from local_providers.speak_parameters import PLAIN_VOICE, SpeakParameters
        from local_providers.voice import Voice, bundled_voice

        if self._voice is None:
            self._voice = Voice(bundled_voice(), threads=2)
        sound = self._voice.make(text, SpeakParameters(PLAIN_VOICE, RATE, 1.0, "none"))
        return trim(np.frombuffer(sound, np.int16), RATE)

    def _file(self, line: Line, kind: str) -> Path:
        made_of = json.dumps([_MADE_AS, line.text, line.pause])
        return self._folder / f"{hashlib.sha256(made_of.encode()).hexdigest()[:16]}.{kind}"


def join(parts: Sequence[Samples], line: Line) -> tuple[Samples, Timing]:
    """The parts with the line's pause between them, and when each word is said."""
    noise = np.random.default_rng(seed=line.id)
    pause = noise.normal(0.0, ROOM_NOISE, round(line.pause * RATE)).astype(np.int16)
    pieces: list[Samples] = []
    words: list[Spoken] = []
    pauses: list[tuple[float, float]] = []
    at = 0
    for number, (sound, text) in enumerate(zip(parts, line.parts, strict=True)):
        if number:
            pauses.append((at / RATE, (at + len(pause)) / RATE))
            pieces.append(pause)
            at += len(pause)
        words += _words(text, at / RATE, (at + len(sound)) / RATE)
        pieces.append(sound)
        at += len(sound)
    return np.concatenate(pieces), Timing(at / RATE, tuple(words), tuple(pauses))


def _words(text: str, start: float, end: float) -> list[Spoken]:
    """Every word gets time by its characters: nobody has listened for where it really is."""
    words = text.split()
    lengths = [len(word) + 1 for word in words]
    bounds = start + (end - start) * np.cumsum([0, *lengths]) / sum(lengths)
    return [
        Spoken(word, round(float(began), 3), round(float(ended), 3))
        for word, began, ended in zip(words, bounds[:-1], bounds[1:], strict=True)
    ]


def _keep(file: Path, content: bytes) -> None:
    """Under its name only when whole: two processes may make the same clip."""
    part = file.with_name(f"{file.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(file)

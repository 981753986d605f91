"""What was heard: words with their times, and the passage of audio they were heard in."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Samples per second of every passage: what the recogniser and the voice detector want."""

Samples = NDArray[np.float32]
"""Mono audio between -1 and 1."""


@dataclass(frozen=True, slots=True)
class Word:
    """One punctuated word; `start` and `end` are seconds into the stream."""

    text: str
    start: float
    end: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """The words of a passage, in order; empty when nothing was said."""

    words: tuple[Word, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    def __bool__(self) -> bool:
        return bool(self.words)

    def __add__(self, other: "Transcript") -> "Transcript":
        return Transcript(self.words + other.words)


@dataclass(frozen=True, slots=True)
class Passage:
    """Audio to be recognised.

    `start` is its first sample's place in the stream and `voiced_until` the end of its last
    voice, both in seconds into the stream. `hasty` asks for words soon rather than for the best.
    """

    samples: Samples
    start: float
    voiced_until: float
    keyterms: tuple[str, ...] = ()
    numerals: bool = False
    hasty: bool = False

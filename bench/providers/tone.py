"""What the voice stand-in sounds like: a tone per text, another one for acknowledgements.

Who listens can so tell from the sound alone whether the examiner has begun to say something.
"""

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from exam_graph.phrasebook import phrasebook

ACKNOWLEDGEMENT_HZ = 440
CONTENT_HZ = 660
SECONDS_PER_CHARACTER = 0.012
SHORTEST_S = 0.35
TAIL_S = 0.05
"""Silence after a text."""
AMPLITUDE = 0.2
_FADE_S = 0.01

Floats = npt.NDArray[np.float32]


def parts(text: str) -> list[tuple[str, bool]]:
    """The text in one or two parts, each with whether it is content: an acknowledgement comes
    first, if there is one."""
    text = text.strip()
    for wording in _acknowledgements():
        if text.startswith(wording):
            rest = text[len(wording) :].strip()
            return [(wording, False)] + ([(rest, True)] if rest else [])
    return [(text, True)]


@lru_cache(maxsize=64)
def spoken(text: str, rate: int, speed: float) -> bytes:
    """Linear16 mono."""
    pieces = [_tone(len(part), content, rate, speed) for part, content in parts(text)]
    pieces.append(np.zeros(round(TAIL_S * rate), np.float32))
    return (np.concatenate(pieces) * 32767).astype("<i2").tobytes()


def _tone(characters: int, content: bool, rate: int, speed: float) -> Floats:
    count = round(max(SHORTEST_S, characters * SECONDS_PER_CHARACTER / speed) * rate)
    wave = np.resize(_second(CONTENT_HZ if content else ACKNOWLEDGEMENT_HZ, rate), count)
    fade = np.linspace(0.0, 1.0, round(_FADE_S * rate), dtype=np.float32)
    wave[: len(fade)] *= fade
    wave[-len(fade) :] *= fade[::-1]
    return wave


@cache
def _second(frequency: int, rate: int) -> Floats:
    """Whole periods, so that it can be repeated."""
    time = np.arange(rate) / rate
    return (AMPLITUDE * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


@cache
def _acknowledgements() -> tuple[str, ...]:
    return phrasebook("en").wordings["acknowledgement"]

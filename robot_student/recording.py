"""Keeps what was heard or said as a WAV file whose time zero is that of the report."""

import wave
from pathlib import Path

import numpy as np

from robot_student.hearing import Samples

JUMP_S = 0.05
"""Frames that are later than this after the last one leave silence between them."""


class Recording:
    """Mono, 16 bit. Times are seconds on the clock whose `zero` is the start of the file."""

    def __init__(self, path: Path, rate: int, zero: float) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._rate = rate
        self._zero = zero
        self._written = 0
        self._file = wave.open(str(path), "wb")  # noqa: SIM115  closed by `close`
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(rate)

    def add(self, samples: Samples, at: float) -> None:
        missing = round((at - self._zero) * self._rate) - self._written
        if missing > JUMP_S * self._rate:
            self._write(np.zeros(missing, np.int16))
        self._write(samples)

    def _write(self, samples: Samples) -> None:
        self._file.writeframesraw(samples.astype("<i2").tobytes())
        self._written += len(samples)

    def close(self) -> None:
        self._file.close()

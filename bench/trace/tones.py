"""Tells the two tones of the stand-in's voice apart: an acknowledgement from content.

Whatever is audible and no tone (a real voice) is content.
"""

from functools import lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Kind = Literal["", "ack", "content"]
"""`""` is silence."""

ACK_HZ = 440.0
CONTENT_HZ = 660.0
WINDOW_S = 0.02
AUDIBLE_DBFS = -45.0
_WORK_RATE = 8000
"""Looked at with so many samples a second: enough for the tones, and cheap."""


def kinds_of(data: memoryview, rate: int) -> list[Kind]:
    """What is heard in the data of an AudioFrame."""
    return kinds(np.frombuffer(data, np.int16), rate)


def kinds(samples: npt.NDArray[np.int16], rate: int) -> list[Kind]:
    """What is heard in each whole window of WINDOW_S, or in all of a shorter frame; a rest is left
    out."""
    step = max(1, rate // _WORK_RATE)
    thin = samples[::step]
    window = max(1, min(int(rate * WINDOW_S) // step, len(thin)))
    whole = thin[: len(thin) // window * window].reshape(-1, window).astype(np.float32) / 32768.0
    if not len(whole):
        return []
    power = np.mean(np.square(whole), axis=1)
    # No BLAS: its threads go on spinning for a while, in a process that is being measured.
    parts = np.einsum("wn,nk->wk", whole, _basis(rate / step, window))
    tones = np.square(parts).reshape(len(whole), 2, 2).sum(axis=2) * 2 / window**2
    loud = power >= 10 ** (AUDIBLE_DBFS / 10)
    ack = (tones[:, 0] > tones[:, 1]) & (tones[:, 0] > 0.4 * power)
    return [_kind(bool(a), bool(b)) for a, b in zip(loud, ack, strict=True)]


def _kind(loud: bool, ack: bool) -> Kind:
    if not loud:
        return ""
    return "ack" if ack else "content"


@lru_cache
def _basis(rate: float, window: int) -> Any:
    """Columns: cosine and sine of each tone."""
    at = np.arange(window) / rate
    waves = [wave(2 * np.pi * hz * at) for hz in (ACK_HZ, CONTENT_HZ) for wave in (np.cos, np.sin)]
    return np.stack(waves, axis=1).astype(np.float32)

"""When somebody is audible: levels of 10 ms windows, onsets and ends of speech.

Pure analysis, without WebRTC: of a live stream window by window (`Hearing`), of a finished
recording at once (`stretches`), of a synthesised answer (`trim`).
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

WINDOW_S = 0.01
LOOK = 5
"""An onset is the first of so many windows …"""
AUDIBLE = 3
"""… of which so many are audible, so that a click of 20 ms is none."""
GAP_S = 0.4
"""Silence that ends a stretch of speech; shorter ones are breaths."""
SILENCE = 1e-12
"""Power that stands for none at all: -120 dBFS."""


def levels(samples: Samples, window: int) -> npt.NDArray[np.float64]:
    """RMS in dBFS of each whole window of `window` samples."""
    whole = samples[: len(samples) // window * window].reshape(-1, window).astype(np.float64)
    power = np.mean(np.square(whole), axis=1) / 32768.0**2
    decibels: npt.NDArray[np.float64] = 10.0 * np.log10(np.maximum(power, SILENCE))
    return decibels


@dataclass
class Stretch:
    """Speech from its first to its last audible window; `ended` is None while it goes on."""

    began: float
    ended: float | None = None


class Hearing:
    """Follows a stream of windows. Times are whatever clock `feed` is given, in seconds."""

    def __init__(
        self,
        *,
        audible_dbfs: float = -45.0,
        on_onset: Callable[[float], None] | None = None,
        on_end: Callable[[Stretch], None] | None = None,
    ) -> None:
        self._audible_dbfs = audible_dbfs
        self._on_onset = on_onset
        self._on_end = on_end
        self._recent: deque[tuple[float, bool]] = deque(maxlen=LOOK)
        self._last_audible: float | None = None
        self.stretches: list[Stretch] = []

    @property
    def going_on(self) -> bool:
        return bool(self.stretches) and self.stretches[-1].ended is None

    def quiet_since(self) -> float | None:
        """End of the last audible window of speech; None before the first word."""
        return self._last_audible

    def feed(self, level_dbfs: float, at: float) -> None:
        """One window: its level and the time of its first sample."""
        audible = level_dbfs >= self._audible_dbfs
        self._recent.append((at, audible))
        if self.going_on:
            self._follow(audible, at)
        elif sum(heard for _, heard in self._recent) >= AUDIBLE:
            began = next(when for when, heard in self._recent if heard)
            self._last_audible = at + WINDOW_S
            self.stretches.append(Stretch(began))
            if self._on_onset:
                self._on_onset(began)

    def _follow(self, audible: bool, at: float) -> None:
        if audible:
            self._last_audible = at + WINDOW_S
        elif self._last_audible is not None and at + WINDOW_S - self._last_audible >= GAP_S:
            self.close()

    def close(self) -> None:
        """The stream is over: a stretch that was going on ended with its last audible window."""
        if self.going_on:
            stretch = self.stretches[-1]
            stretch.ended = self._last_audible
            self._recent.clear()
            if self._on_end:
                self._on_end(stretch)


def stretches(samples: Samples, rate: int, audible_dbfs: float = -45.0) -> list[Stretch]:
    """Every stretch of speech in a recording, in seconds from its start."""
    hearing = Hearing(audible_dbfs=audible_dbfs)
    for at, level in _windows(samples, rate):
        hearing.feed(level, at)
    hearing.close()
    return hearing.stretches


def _windows(samples: Samples, rate: int) -> Iterator[tuple[float, float]]:
    for number, level in enumerate(levels(samples, int(rate * WINDOW_S))):
        yield number * WINDOW_S, float(level)


def trim(samples: Samples, rate: int, audible_dbfs: float = -50.0) -> Samples:
    """Without the silence before the first and after the last audible window (empty if all is
    silence)."""
    window = int(rate * WINDOW_S)
    audible = np.flatnonzero(levels(samples, window) >= audible_dbfs)
    if not len(audible):
        return samples[:0]
    return samples[audible[0] * window : (audible[-1] + 1) * window]

"""Acoustic markers: two bursts of two tones before a clip say which student speaks which line.

A marker is to be found again after Opus and resampling, and is no speech for a voice detector.
It is found where silence ends, so a decoder costs next to nothing while nobody speaks.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]
Floats = npt.NDArray[np.float32]

BURST_S = 0.06
GAP_S = 0.04
QUIET_S = 0.12
"""Room noise between the gap after the second burst and the speech: bursts set off nothing."""
MARKER_S = 2 * (BURST_S + GAP_S) + QUIET_S
"""From the first sample of a marker to the first of its speech."""

LOW_HZ = tuple(1200 + 60 * step for step in range(8))
HIGH_HZ = tuple(2920 + 60 * step for step in range(8))
"""Two groups far apart: nearer to each other they are now and then taken for a voice."""
COUNT = len(LOW_HZ) * len(HIGH_HZ)
AMPLITUDE = 0.1
"""Of one tone; two of them are -20 dBFS."""
_FADE_S = 0.005
ROOM_NOISE = 8.0
"""Standard deviation in 16-bit steps: about -72 dBFS, as the microphone's."""

_WINDOW_S = 0.01
_LOUD = 10 ** (-34 / 20)
_SILENT_WINDOWS = 2
"""A marker follows so many windows below `_LOUD` at least."""
_SEEN_S = 2 * BURST_S + GAP_S + 0.03
"""How much from the onset on is needed to read a marker."""
_INSIDE_S = 0.04
"""The middle of a burst, where both tones are at their full level."""
_SLACK_S = 0.025
_PURE = 0.6
"""Share of the power that has to be in two tones of the sixteen."""


class Mark(NamedTuple):
    """`end`: sample of the stream at which the speech begins."""

    student: int
    line: int
    end: int


def encode(student: int, line: int, rate: int) -> Samples:
    """The marker as mono samples, `MARKER_S` long; numbers are 0 to 63."""
    for number in (student, line):
        if not 0 <= number < COUNT:
            raise ValueError(f"a marker holds 0 to {COUNT - 1}, not {number}")
    noise = np.random.default_rng(seed=student * COUNT + line)
    samples = noise.normal(0.0, ROOM_NOISE, round(MARKER_S * rate))
    for start, number in ((0.0, student), (BURST_S + GAP_S, line)):
        burst = _burst(number, rate) * 32767
        at = round(start * rate)
        samples[at : at + len(burst)] += burst
    return samples.astype(np.int16)


class Decoder:
    """Finds the markers of one stream of `rate` samples a second."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._window = round(_WINDOW_S * rate)
        self._kept: Floats = np.zeros(0, np.float32)
        self._first = 0
        """Position in the stream of `_kept[0]`."""
        self._looked = 0
        """Position of the first window whose level was not looked at."""
        self._silent = _SILENT_WINDOWS
        """Windows of silence up to there."""
        self._onset: int | None = None

    def feed(self, samples: Samples) -> list[Mark]:
        """The markers that can be read now that these samples are there, oldest first."""
        new = samples.astype(np.float32) / 32768
        self._kept = np.concatenate([self._kept, new])
        marks: list[Mark] = []
        while self._onset is not None or self._find_onset():
            mark = self._read()
            if mark is None:
                break
            marks += mark
        self._forget()
        return marks

    def _find_onset(self) -> bool:
        start = self._looked - self._first
        count = (len(self._kept) - start) // self._window
        windows = self._kept[start : start + count * self._window].reshape(count, self._window)
        power = np.einsum("ij,ij->i", windows, windows) / self._window
        for number, loud in enumerate((power > _LOUD**2).tolist(), 1):
            if loud and self._silent >= _SILENT_WINDOWS:
                self._silent = 0
                self._looked += number * self._window
                self._onset = self._looked - self._window
                return True
            self._silent = 0 if loud else self._silent + 1
        self._looked += count * self._window
        return False

    def _read(self) -> list[Mark] | None:
        """At most one marker at the onset; None while more must come."""
        assert self._onset is not None
        since = max(self._onset - round(_SLACK_S * self.rate), self._first) - self._first
        first, until = (
            self._onset + round(seconds * self.rate) - self._first
            for seconds in (_WINDOW_S + _INSIDE_S, _SEEN_S + _SLACK_S)
        )
        if len(self._kept) < first:
            return None
        if not begins(self._kept[first - round(_INSIDE_S * self.rate) : first], self.rate):
            self._onset = None
            return []
        if len(self._kept) < until:
            return None
        onset, self._onset = self._onset, None
        piece = self._kept[since:until]
        found = recognise(piece, self.rate)
        if found is None:
            return []
        student, line, offset = found
        begin = self._first + since + offset
        # The second burst is not the onset of another marker.
        self._looked = max(self._looked, onset + round((2 * BURST_S + GAP_S) * self.rate))
        return [Mark(student, line, begin + round(MARKER_S * self.rate))]

    def _forget(self) -> None:
        keep = self._looked if self._onset is None else self._onset
        cut = keep - round(_SLACK_S * self.rate) - self._first
        if cut > 0:
            self._kept = self._kept[cut:]
            self._first += cut


def begins(samples: Floats, rate: int) -> bool:
    """Whether these `_INSIDE_S` can be a first burst: a look at every onset of speech is cheap."""
    power = np.abs(samples @ _Tones.of(rate).basis) ** 2
    whole = np.array([np.dot(samples, samples) * len(samples) / 2])
    return bool(_purity(power[np.newaxis], whole)[0] > _PURE)


def recognise(samples: Floats, rate: int) -> tuple[int, int, int] | None:
    """Student, line and the sample at which the marker begins, if these samples hold one."""
    tones = _Tones.of(rate)
    inside = len(tones.basis)
    step = round(0.005 * rate)
    if len(samples) < inside + step:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(samples, inside)[::step]
    power = np.abs(windows @ tones.basis) ** 2
    energy = np.einsum("ij,ij->i", windows, windows)
    distance = round((BURST_S + GAP_S) * rate / step)
    pure = _purity(power, energy * inside / 2)
    both = np.minimum(pure[:-distance], pure[distance:])
    strength = np.minimum(energy[:-distance], energy[distance:])
    best = int(np.argmax(np.where(both > _PURE, strength, 0.0)))
    if both[best] <= _PURE or strength[best] / inside < _LOUD**2:
        return None
    student, line = (_number(power[best + shift]) for shift in (0, distance))
    return student, line, _align(samples, student, line, rate)


def _purity(power: npt.NDArray[np.float64], whole: npt.NDArray[np.float64]) -> Floats:
    """Share of each window's power that its strongest low and high tone have, if both are there."""
    low, high = power[:, :8].max(axis=1), power[:, 8:].max(axis=1)
    balanced = np.minimum(low, high) * 16 > np.maximum(low, high)
    share = (low + high) / np.maximum(whole, 1e-9)
    return np.asarray(np.where(balanced, share, 0.0), np.float32)


def _number(power: npt.NDArray[np.float64]) -> int:
    return int(power[:8].argmax()) * 8 + int(power[8:].argmax())


def _align(samples: Floats, student: int, line: int, rate: int) -> int:
    """Where both bursts fit best, to the sample."""
    template = _template(student, line, rate)
    size = 1 << (len(samples) + len(template) - 1).bit_length()
    spectrum = np.fft.rfft(samples, size) * np.conj(np.fft.rfft(template, size))
    fit = np.fft.irfft(spectrum, size)[: len(samples)]
    return int(np.argmax(fit))


@dataclass(frozen=True)
class _Tones:
    basis: npt.NDArray[np.complex64]
    """One column per tone, as long as the middle of a burst."""

    @staticmethod
    @cache
    def of(rate: int) -> "_Tones":
        time = np.arange(round(_INSIDE_S * rate)) / rate
        tones = np.array(LOW_HZ + HIGH_HZ)
        return _Tones(np.exp(-2j * np.pi * np.outer(time, tones)).astype(np.complex64))


@cache
def _burst(number: int, rate: int) -> Floats:
    time = np.arange(round(BURST_S * rate)) / rate
    low, high = LOW_HZ[number // 8], HIGH_HZ[number % 8]
    wave = np.sin(2 * np.pi * low * time) + np.sin(2 * np.pi * high * time)
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / _FADE_S)
    return (AMPLITUDE * wave * fade).astype(np.float32)


@cache
def _template(student: int, line: int, rate: int) -> Floats:
    gap = np.zeros(round((BURST_S + GAP_S) * rate) - round(BURST_S * rate), np.float32)
    return np.concatenate([_burst(student, rate), gap, _burst(line, rate)])

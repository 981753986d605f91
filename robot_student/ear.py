"""Hears the examiner's track: received audio becomes timed windows."""

import time
from collections import deque
from collections.abc import Callable

import numpy as np
from livekit import rtc

from robot_student.hearing import WINDOW_S, Hearing, Samples, levels

RATE = 24_000
WINDOW = int(RATE * WINDOW_S)
FRAME_MS = 40
STEADY = 13
"""Frames over which arrival times are smoothed (0.5 s)."""


class ArrivalClock:
    """When a received sample was there to be heard.

    Audio comes at an even pace, but a busy event loop sees some frames late and none early: the
    smallest of the recent delays is the true one.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._position = 0
        self._delays: deque[float] = deque(maxlen=STEADY)

    def frame(self, samples: int, seen: float) -> float:
        """Time of the first sample of a frame that was seen at `seen` (seconds)."""
        first = self._position / self._rate
        self._position += samples
        self._delays.append(seen - self._position / self._rate)
        return first + min(self._delays)


async def listen(
    track: rtc.Track,
    hearing: Hearing,
    on_frame: Callable[[Samples, float], None] | None = None,
) -> None:
    """Feed `hearing` with `time.monotonic()` times until the track ends.

    `on_frame` sees the received audio, 24 kHz mono.
    """
    stream = rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=FRAME_MS)
    clock = ArrivalClock(RATE)
    try:
        async for event in stream:
            samples = np.frombuffer(event.frame.data, np.int16)
            at = clock.frame(len(samples), time.monotonic())
            for number, level in enumerate(levels(samples, WINDOW)):
                hearing.feed(float(level), at + number * WINDOW_S)
            if on_frame:
                on_frame(samples, at)
    finally:
        hearing.close()
        await stream.aclose()

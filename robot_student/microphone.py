"""The robot's microphone: one task that sends 48 kHz mono without a pause, in real time.

Between utterances it sends the faint noise of a quiet room, as a real microphone does; digital
silence would be the sign of a broken one.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from livekit import rtc

from robot_student.hearing import Samples

RATE = 48_000
FRAME = RATE // 25
LEAD_S = 0.08
"""How far ahead of real time frames are handed over, so that a busy machine causes no gap."""
QUEUE_MS = 200
ROOM_NOISE = 8.0
"""Standard deviation in 16-bit steps: about -72 dBFS."""


@dataclass
class Utterance:
    """Speech on its way out. Times are `time.monotonic()` of first and last sample."""

    samples: Samples
    began: float | None = None
    ended: float | None = None
    _position: int = field(default=0, repr=False)


class Microphone:
    """Feeds an AudioSource. `on_frame` sees every frame that is sent, with its time."""

    def __init__(self, on_frame: Callable[[Samples, float], None] | None = None) -> None:
        self.source = rtc.AudioSource(RATE, 1, queue_size_ms=QUEUE_MS)
        self._on_frame = on_frame
        self._waiting: deque[Utterance] = deque()
        noise = np.random.default_rng(seed=7).normal(0.0, ROOM_NOISE, RATE)
        self._noise: Samples = noise.astype(np.int16)
        self._anchor = 0.0
        self._sent = 0

    def speak(self, samples: Samples) -> Utterance:
        """Say this next, after what is being said."""
        utterance = Utterance(samples)
        self._waiting.append(utterance)
        return utterance

    def silence(self, seconds: float) -> Samples:
        """A pause inside an answer."""
        return np.resize(self._noise, int(seconds * RATE))

    async def run(self) -> None:
        """Send until cancelled."""
        self._anchor = time.monotonic()
        while True:
            due = self._anchor + self._sent / RATE
            now = time.monotonic()
            if now < due - LEAD_S:
                await asyncio.sleep(due - LEAD_S - now)
            elif now > due and self._sent:
                # The queue ran dry: what comes now is heard that much later.
                self._anchor += now - due
                due = now
            frame = self._frame(due)
            await self.source.capture_frame(
                rtc.AudioFrame(frame.tobytes(), RATE, num_channels=1, samples_per_channel=FRAME)
            )
            self._sent += FRAME
            if self._on_frame:
                self._on_frame(frame, due)

    def _frame(self, due: float) -> Samples:
        start = self._sent % RATE
        frame = self._noise[start : start + FRAME].copy()
        filled = 0
        while self._waiting and filled < FRAME:
            utterance = self._waiting[0]
            position = utterance._position
            piece = utterance.samples[position : position + FRAME - filled]
            frame[filled : filled + len(piece)] = piece
            if utterance.began is None:
                utterance.began = due + filled / RATE
            filled += len(piece)
            utterance._position += len(piece)
            if utterance._position >= len(utterance.samples):
                utterance.ended = due + filled / RATE
                self._waiting.popleft()
        return frame

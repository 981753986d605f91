"""The audio of a turn that may still be transcribed, in frames, and where voice was in it."""

import math

import numpy as np

from local_providers.transcript import SAMPLE_RATE, Samples

FRAME_SAMPLES = 512
"""What the voice detector decides on at once."""
FRAME_SECONDS = FRAME_SAMPLES / SAMPLE_RATE

ONSET_FRAMES = 3
"""Speech this long is a voice; less is a click."""


class Recording:
    """Frames numbered from the stream's first; the oldest can be dropped."""

    def __init__(self) -> None:
        self.first = 0
        self._frames: list[Samples] = []

    @property
    def end(self) -> int:
        return self.first + len(self._frames)

    @property
    def seconds(self) -> float:
        return len(self._frames) * FRAME_SECONDS

    def append(self, frame: Samples) -> None:
        self._frames.append(frame)

    def drop_before(self, number: int) -> None:
        """Forgets the frames before `number`."""
        count = min(max(0, number - self.first), len(self._frames))
        del self._frames[:count]
        self.first += count

    def samples(self, until: int) -> Samples:
        """What is kept, up to and without frame `until`."""
        return np.concatenate(self._frames[: until - self.first])

    def quietest(self, since: int, until: int) -> int:
        """The number of the frame with the least energy around it."""
        window = self._frames[since - self.first : until - self.first]
        energy = [float(np.square(frame).mean()) for frame in window]
        around = np.convolve(energy, (1, 2, 1), mode="valid")
        return since + 1 + int(around.argmin())


class VoiceActivity:
    """From a decision per frame to voice and silence, clicks aside."""

    def __init__(self) -> None:
        self._now = 0
        self._run = 0
        self._last_voice = -math.inf
        self.gap_middle = 0
        """Number of the frame in the middle of the latest silence."""

    def note(self, speech: bool) -> None:
        """One more frame."""
        self._now += 1
        self._run = self._run + 1 if speech else 0
        if self._run >= ONSET_FRAMES:
            resumed = self._now - ONSET_FRAMES
            if self._last_voice < resumed:
                self.gap_middle = int((max(self._last_voice, 0) + resumed) / 2)
            self._last_voice = self._now
        elif speech and self._now - self._last_voice <= ONSET_FRAMES:
            self._last_voice = self._now

    def forget(self) -> None:
        """What was voice so far no longer counts, as after a turn that was ended by request."""
        self._run = 0
        self._last_voice = -math.inf

    @property
    def silence(self) -> float:
        """Seconds since the last voice; infinite before the first."""
        return (self._now - self._last_voice) * FRAME_SECONDS

    @property
    def voiced_until(self) -> float:
        """Seconds into the stream."""
        return max(self._last_voice, 0) * FRAME_SECONDS

"""Frames of any rate as samples of the recording's."""

import numpy as np
from livekit import rtc

from worker.recording.student import RATE, Samples


class Resampling:
    """Of one voice. What is held back comes with the next frame, or with `flush`."""

    def __init__(self) -> None:
        self._resampler: rtc.AudioResampler | None = None
        self._rate = RATE

    def push(self, frame: rtc.AudioFrame) -> Samples:
        if frame.num_channels > 1:
            frame = _mono(frame)
        if frame.sample_rate == RATE:
            return np.frombuffer(frame.data, np.int16).copy()
        if self._resampler is None or self._rate != frame.sample_rate:
            self._rate = frame.sample_rate
            self._resampler = rtc.AudioResampler(
                frame.sample_rate, RATE, num_channels=1, quality=rtc.AudioResamplerQuality.LOW
            )
        return _joined(self._resampler.push(frame))

    def flush(self) -> Samples:
        """One voice's stretch has ended."""
        resampler, self._resampler = self._resampler, None
        return _joined(resampler.flush() if resampler is not None else [])


def _joined(frames: list[rtc.AudioFrame]) -> Samples:
    if not frames:
        return np.zeros(0, np.int16)
    return np.concatenate([np.frombuffer(frame.data, np.int16) for frame in frames])


def _mono(frame: rtc.AudioFrame) -> rtc.AudioFrame:
    channels = np.frombuffer(frame.data, np.int16).reshape(-1, frame.num_channels)
    mixed = channels.mean(axis=1).astype(np.int16)
    return rtc.AudioFrame(mixed.tobytes(), frame.sample_rate, 1, len(mixed))

"""Hears whether the student speaks: silero's network in the build that comes with livekit-agents.

The plugin of that name gives the same probabilities to the fifth digit, at seven times the CPU and
18 MB of every job process (onnxruntime). Here the network is asked on the spot: its 20 µs are less
than a thread's answer would cost. Events carry no audio, since nobody asks for it, and are rare
while nobody speaks.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from livekit import local_inference, rtc
from livekit.agents import vad

RATE = 16_000
WINDOW = local_inference.VAD_WINDOW_SAMPLES
WINDOW_S = WINDOW / RATE
#: Speech begins when the network is so sure, for so long; and ends when it is less sure than that.
BEGINS, BEGINS_S = 0.5, 0.05
ENDS, ENDS_S = 0.35, 0.55
#: How much of a probability is what it was before.
SMOOTHING = 0.35
#: In silence, one window of so many is told: the session takes from it that nobody speaks.
QUIET_EVERY = 8

Samples = npt.NDArray[np.int16]


def load() -> None:
    """Reads the weights, once per process; children of a fork share them."""
    local_inference.init_vad()


class VoiceDetector(vad.VAD):
    """For mono. Holds nothing; each stream has its own state."""

    def __init__(self) -> None:
        super().__init__(capabilities=vad.VADCapabilities(update_interval=WINDOW_S))

    def stream(self) -> vad.VADStream:
        return _Stream(self)

    @property
    def min_silence_duration(self) -> float | None:
        return ENDS_S


class _Stream(vad.VADStream):
    def __init__(self, detector: VoiceDetector) -> None:
        self._network = local_inference.VAD()
        self._start_over()
        super().__init__(detector)

    async def _main_task(self) -> None:
        async for item in self._input_ch:
            if isinstance(item, rtc.AudioFrame):
                self._take(item)
            else:
                self._start_over()

    def _start_over(self) -> None:
        self._network.reset()
        self._resampler: rtc.AudioResampler | None = None
        self._rest: Samples = np.empty(0, np.int16)
        self._probability: float | None = None
        self._speaking = False
        self._windows = 0
        #: Seconds: of the speech or the silence that goes on, and of windows in a row that are so.
        self._speech = self._silence = 0.0
        self._speech_run = self._silence_run = 0.0

    def _take(self, frame: rtc.AudioFrame) -> None:
        samples = np.concatenate((self._rest, *self._at_own_rate(frame)))
        whole = len(samples) - len(samples) % WINDOW
        for start in range(0, whole, WINDOW):
            self._hear(samples[start : start + WINDOW])
        self._rest = samples[whole:]

    def _at_own_rate(self, frame: rtc.AudioFrame) -> list[Samples]:
        """A room's audio comes at that rate, a console's does not."""
        if frame.sample_rate == RATE:
            return [np.frombuffer(frame.data, np.int16)]
        if self._resampler is None:
            self._resampler = rtc.AudioResampler(
                frame.sample_rate, RATE, quality=rtc.AudioResamplerQuality.QUICK
            )
        return [np.frombuffer(each.data, np.int16) for each in self._resampler.push(frame)]

    def _hear(self, window: Samples) -> None:
        probability = self._smooth(self._network.predict(window))
        self._windows += 1
        is_speech = probability >= BEGINS or (self._speaking and probability > ENDS)
        if is_speech:
            self._speech_run += WINDOW_S
            self._silence_run = 0.0
        else:
            self._silence_run += WINDOW_S
            self._speech_run = 0.0
        if self._speaking:
            self._speech += WINDOW_S
        else:
            self._silence += WINDOW_S
        if self._speaking or is_speech or self._windows % QUIET_EVERY == 0:
            self._tell(vad.VADEventType.INFERENCE_DONE, probability=probability)
        if is_speech and not self._speaking and self._speech_run >= BEGINS_S:
            self._speaking, self._speech, self._silence = True, self._speech_run, 0.0
            self._tell(vad.VADEventType.START_OF_SPEECH)
        elif self._speaking and self._silence_run >= ENDS_S:
            self._speaking, self._silence = False, self._silence_run
            self._speech = max(0.0, self._speech - self._silence_run)
            self._tell(vad.VADEventType.END_OF_SPEECH)
            self._speech = 0.0

    def _smooth(self, probability: float) -> float:
        before = probability if self._probability is None else self._probability
        self._probability = SMOOTHING * before + (1 - SMOOTHING) * probability
        return self._probability

    def _tell(self, kind: vad.VADEventType, **more: Any) -> None:
        self._event_ch.send_nowait(
            vad.VADEvent(
                type=kind,
                samples_index=self._windows * WINDOW,
                timestamp=self._windows * WINDOW_S,
                speech_duration=self._speech,
                silence_duration=self._silence,
                speaking=self._speaking,
                raw_accumulated_silence=self._silence_run,
                raw_accumulated_speech=self._speech_run,
                **more,
            )
        )

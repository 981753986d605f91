"""The speech engines that all streams share, loaded and warm."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from local_providers import voice_detector
from local_providers.settings import Settings
from local_providers.speak_parameters import PLAIN_VOICE, SpeakParameters
from local_providers.transcript import SAMPLE_RATE, Passage
from local_providers.voice import Voice, bundled_voice
from local_providers.whisper import Whisper, bundled_model


@dataclass(frozen=True, slots=True)
class Engines:
    whisper: Whisper
    voice: Voice
    detector: onnxruntime.InferenceSession

    @classmethod
    def load(cls, settings: Settings) -> "Engines":
        """Loads the models and uses each once, so that the first student does not wait for it.

        Raises whatever the engines raise for a model that is not there or not one of theirs.
        """
        model, voice = settings.local_stt_model, settings.local_tts_voice
        engines = cls(
            whisper=Whisper(model or str(bundled_model()), settings.local_stt_threads),
            voice=Voice(Path(voice) if voice else bundled_voice(), settings.local_tts_threads),
            detector=voice_detector.load(),
        )
        engines.whisper.decode(Passage(np.zeros(SAMPLE_RATE, np.float32), 0, 1))
        engines.voice.make("Ready.", SpeakParameters(PLAIN_VOICE, SAMPLE_RATE, 1.0, "none"))
        return engines

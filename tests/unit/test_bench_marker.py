"""Markers through what the student's sound goes through: Opus, resampling, speech around them."""

import io
from collections.abc import Iterator

import av
import numpy as np
import pytest
import soxr
from livekit import rtc
from livekit.plugins import silero

from bench.speech.marker import COUNT, MARKER_S, Decoder, Mark, Samples, encode
from local_providers import voice_detector
from local_providers.recording import FRAME_SAMPLES
from local_providers.voice_detector import VoiceDetector

pytestmark = pytest.mark.unit

RATE = 48_000
NEAR_S = 0.004
"""How far off the found end of a marker may be."""


def room(seconds: float, rate: int = RATE) -> Samples:
    noise = np.random.default_rng(1).normal(0.0, 8.0, round(seconds * rate))
    return noise.astype(np.int16)


def speechlike(seconds: float, seed: int, rate: int = RATE) -> Samples:
    """Harmonics of a moving voice in syllables, with pauses."""
    time = np.arange(round(seconds * rate)) / rate
    chance = np.random.default_rng(seed)
    pitch = 110 + 30 * np.sin(2 * np.pi * 0.7 * time) + chance.normal(0, 2)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    wave = sum(np.sin(n * phase) / (1 + abs(n - chance.integers(3, 25))) for n in range(1, 32))
    syllables = np.clip(np.sin(2 * np.pi * 3.5 * time) * 2, 0, 1)
    return np.asarray(np.clip(3000 * wave * syllables, -32767, 32767), np.int16)


def opus(samples: Samples, bit_rate: int) -> Samples:
    """Coded as WebRTC codes speech, and decoded; the codec's delay is taken off by the file."""
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as output:
        options = {"application": "voip", "frame_duration": "20"}
        stream = output.add_stream("libopus", rate=RATE, options=options)
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = bit_rate
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
        frame.rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            output.mux(packet)
    file.seek(0)
    with av.open(file, "r") as source:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        decoded = [
            piece.to_ndarray()[0]
            for frame in source.decode(audio=0)
            for piece in resampler.resample(frame)
        ]
    return np.concatenate(decoded)


def found(samples: Samples, rate: int, chunk_s: float = 0.05) -> list[Mark]:
    decoder = Decoder(rate)
    size = round(chunk_s * rate)
    pieces = range(0, len(samples), size)
    return [mark for at in pieces for mark in decoder.feed(samples[at : at + size])]


def pairs() -> Iterator[tuple[int, int]]:
    """Every number once, either as the student's or as the line's."""
    for number in range(0, COUNT, 2):
        yield number, (number + 27) % COUNT


@pytest.fixture(scope="module")
def spoken() -> tuple[Samples, list[Mark]]:
    """All numbers with something like speech behind each, and where each marker truly ends."""
    pieces, truth, at = [], [], 0
    for student, line in pairs():
        quiet, marker = room(0.31), encode(student, line, RATE)
        pieces += [quiet, marker, speechlike(0.6, student)]
        truth.append(Mark(student, line, at + len(quiet) + len(marker)))
        at += sum(map(len, pieces[-3:]))
    return np.concatenate([*pieces, room(0.5)]), truth


def check(marks: list[Mark], truth: list[Mark], rate: int) -> None:
    assert [mark[:2] for mark in marks] == [mark[:2] for mark in truth]
    for mark, true in zip(marks, truth, strict=True):
        assert mark.end / rate == pytest.approx(true.end / RATE, abs=NEAR_S)


@pytest.mark.parametrize("bit_rate", [16_000, 32_000])
@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_a_marker_survives_opus(
    spoken: tuple[Samples, list[Mark]], bit_rate: int, rate: int
) -> None:
    samples, truth = spoken
    coded = opus(samples, bit_rate)
    check(found(soxr.resample(coded, RATE, rate), rate), truth, rate)


@pytest.mark.parametrize("chunk_s", [0.003, 0.01, 0.05, 0.3, 100.0])
def test_the_size_of_chunks_changes_nothing(
    spoken: tuple[Samples, list[Mark]], chunk_s: float
) -> None:
    samples, truth = spoken
    check(found(soxr.resample(samples, RATE, 16_000), 16_000, chunk_s), truth, 16_000)


def test_a_marker_is_known_before_its_speech_begins() -> None:
    samples = np.concatenate([room(0.3), encode(5, 6, RATE), speechlike(0.5, 1)])
    decoder = Decoder(RATE)
    speech = round((0.3 + MARKER_S) * RATE)
    before = [mark for at in range(0, speech, 960) for mark in decoder.feed(samples[at : at + 960])]
    assert [mark[:2] for mark in before] == [(5, 6)]


def test_speech_and_noise_hold_no_marker() -> None:
    voices = [piece for seed in range(30) for piece in (speechlike(1.3, seed), room(0.1))]
    hiss = np.random.default_rng(3).normal(0.0, 3000.0, 5 * RATE).astype(np.int16)
    tone = (3000 * np.sin(2 * np.pi * 1200 * np.arange(RATE) / RATE)).astype(np.int16)
    silence = np.zeros(RATE, np.int16)
    samples = np.concatenate([*voices, silence, hiss, silence, tone, silence])
    assert found(samples, RATE) == []


async def test_no_voice_detector_takes_a_marker_for_speech() -> None:
    pieces = [(room(0.8), encode(student, line, RATE), room(0.4)) for student, line in pairs()]
    samples = soxr.resample(np.concatenate(sum(pieces, ())), RATE, 16_000)
    assert not any(decided(samples))
    assert max(await likelihoods(samples)) < 0.5


def decided(samples: Samples) -> list[bool]:
    """By the detector of the local providers, frame by frame."""
    detector = VoiceDetector(voice_detector.load())
    frames = (samples / 32768).astype(np.float32)
    whole = len(frames) // FRAME_SAMPLES * FRAME_SAMPLES
    return [detector.decide(each) for each in frames[:whole].reshape(-1, FRAME_SAMPLES)]


async def likelihoods(samples: Samples) -> list[float]:
    """Of speech, by the detector that the systems under test use."""
    stream = silero.VAD.load(force_cpu=True).stream()
    stream.push_frame(rtc.AudioFrame(samples.tobytes(), 16_000, 1, len(samples)))
    stream.end_input()
    return [event.probability async for event in stream]


def test_a_marker_holds_six_bits_each() -> None:
    with pytest.raises(ValueError, match="63"):
        encode(64, 0, RATE)

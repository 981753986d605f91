"""The voice detector: the same speech at the same moments as the plugin whose network it is."""

import asyncio

import numpy as np
import numpy.typing as npt
import pytest
from livekit import rtc
from livekit.agents import vad
from livekit.plugins import silero

from worker.voice_detector import RATE, WINDOW_S, VoiceDetector

pytestmark = pytest.mark.unit

Samples = npt.NDArray[np.int16]
FRAME = RATE // 20
KINDS = {vad.VADEventType.START_OF_SPEECH, vad.VADEventType.END_OF_SPEECH}


def vowels(seconds: float) -> Samples:
    """A hum through three formants that wander, in syllables: enough of a voice for silero."""
    t = np.arange(round(seconds * RATE)) / RATE
    pitch = 110 + 15 * np.sin(2 * np.pi * 2.5 * t)
    phase = np.cumsum(pitch) / RATE
    formants = (
        (700 + 200 * np.sin(2 * np.pi * 1.5 * t), 90, 1.0),
        (1200 + 300 * np.sin(2 * np.pi * 1.1 * t), 110, 0.6),
        (2600 + 0 * t, 160, 0.3),
    )
    sound = np.zeros_like(t)
    for harmonic in range(1, 35):
        at = harmonic * pitch
        gain = sum(much / (1 + ((at - centre) / wide) ** 2) for centre, wide, much in formants)
        sound += gain * np.sin(2 * np.pi * harmonic * phase)
    sound *= 0.5 * (1 - np.cos(2 * np.pi * 4 * t))
    return np.asarray(sound / np.abs(sound).max() * 9000, np.int16)


def quiet(seconds: float) -> Samples:
    return np.random.default_rng(7).normal(0, 8, round(seconds * RATE)).astype(np.int16)


ANSWER = np.concatenate([quiet(1), vowels(3), quiet(1.5), vowels(2), quiet(0.3), vowels(2)])


async def heard(detector: vad.VAD, *sound: Samples, rate: int = RATE) -> list[vad.VADEvent]:
    """All events for the sounds, each of which begins a stretch of its own."""
    stream = detector.stream()
    for samples in sound:
        for start in range(0, len(samples), FRAME):
            frame = samples[start : start + FRAME]
            stream.push_frame(rtc.AudioFrame(frame.tobytes(), rate, 1, len(frame)))
        stream.flush()
    stream.end_input()
    events = [event async for event in stream]
    await stream.aclose()
    return events


def told(events: list[vad.VADEvent]) -> list[tuple[str, float, float, float]]:
    return [
        (
            event.type.value,
            round(event.timestamp, 3),
            round(event.speech_duration, 3),
            round(event.silence_duration, 3),
        )
        for event in events
        if event.type in KINDS
    ]


async def test_speech_begins_and_ends_where_the_plugin_hears_it() -> None:
    sound = np.concatenate([ANSWER, quiet(1)])
    ours, theirs = await asyncio.gather(
        heard(VoiceDetector(), sound), heard(silero.VAD.load(), sound)
    )
    assert told(ours) == told(theirs)
    assert len(told(ours)) >= 4


async def test_what_goes_on_is_told_window_by_window_and_silence_rarely() -> None:
    events = await heard(VoiceDetector(), np.concatenate([quiet(4), vowels(3)]))
    begins = next(event.timestamp for event in events if event.type in KINDS)
    during = [event for event in events if event.timestamp > begins and event.type not in KINDS]
    assert [round(event.speech_duration / WINDOW_S) for event in during] == list(
        range(3, 3 + len(during))
    )
    before = [event for event in events if event.timestamp < 4]
    assert before
    assert len(before) <= 4 / WINDOW_S / 4
    assert not any(event.speaking for event in before)


async def test_after_a_flush_it_hears_as_if_for_the_first_time() -> None:
    once = told(await heard(VoiceDetector(), ANSWER))
    assert told(await heard(VoiceDetector(), ANSWER, ANSWER)) == once * 2


async def test_sound_of_another_rate_is_heard_too() -> None:
    sound = np.concatenate([ANSWER, quiet(1)])
    fast = np.repeat(sound, 3)
    there = [begins for _, begins, *_ in told(await heard(VoiceDetector(), fast, rate=3 * RATE))]
    here = [begins for _, begins, *_ in told(await heard(VoiceDetector(), sound))]
    assert there == pytest.approx(here, abs=0.1)

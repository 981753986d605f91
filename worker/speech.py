"""The AgentSession of an exam: Deepgram's ears and voice, the end of turn left to Flux."""

import sys
from collections.abc import Sequence
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession, APIConnectOptions, room_io
from livekit.agents.voice.agent_session import SessionConnectOptions
from livekit.agents.voice.room_io.types import TextInputCallback
from livekit.plugins import deepgram
from livekit.rtc._proto.room_pb2 import AudioEncoding

from exam_graph.profile import Profile
from exam_graph.state import ExamContext, Kept
from worker.deepgram_flux import DeepgramFlux
from worker.pace import Pace, pace
from worker.settings import Settings
from worker.warmup import Warm

#: The examiner's track, in Hz, mono: what WebRTC carries, so nothing is resampled on the way.
SAMPLE_RATE = 48_000
#: Of the examiner's track, in bit/s. From here on Opus leaves its speech model, which costs three
#: times the CPU of its other one even in silence.
BITRATE = 72_000
#: The slowest that Aura speaks, and how much slower than the rest something slow is.
SLOWEST = 0.7
SLOW = 0.8


def build_session(
    settings: Settings, context: ExamContext, state: Kept, warm: Warm
) -> AgentSession[None]:
    """A session that is not started. Raises ValueError for settings the plugins refuse."""
    return AgentSession(
        stt=build_recogniser(settings, pace(state, context), context.paper.keyterms),
        tts=build_voice(settings, context.profile),
        llm=warm.llm,
        vad=warm.vad,
        turn_handling={
            "turn_detection": "stt",
            "endpointing": {"min_delay": 0.0, "max_delay": 0.0},
            "interruption": {"mode": "vad", "min_duration": 0.1, "resume_false_interruption": True},
            "preemptive_generation": {
                "enabled": True,
                "preemptive_tts": True,
                "max_speech_duration": 3600.0,
                "max_retries": 50,
            },
        },
        # The default filters markdown and emoji, and would change a question's letter.
        tts_text_transforms=None,
        # The default feeds silence to the recogniser for the first 3 s and loses words.
        aec_warmup_duration=None,
        user_away_timeout=None,
        session_close_transcript_timeout=0.0,
        # What fails is tried again by `worker/listening.py` and `worker/mouth.py`; the framework
        # would close the session in which it failed a few times.
        conn_options=SessionConnectOptions(
            # One retry is for connections that stood idle and were closed: nobody need know.
            tts_conn_options=APIConnectOptions(max_retry=1, timeout=settings.tts_timeout_s),
            max_unrecoverable_errors=sys.maxsize,
        ),
    )


def build_recogniser(settings: Settings, patience: Pace, keyterms: Sequence[str]) -> DeepgramFlux:
    """Flux at this patience, and the one to try in its place if the settings name one."""
    options: dict[str, Any] = {
        "model": "flux-general-en",
        "keyterm": list(keyterms),
        "eot_threshold": patience.eot_threshold,
        "eot_timeout_ms": patience.eot_timeout_ms,
        "mip_opt_out": True,
    }
    if patience.eager_eot_threshold is not None:
        options["eager_eot_threshold"] = patience.eager_eot_threshold

    def at(origin: str, key: str, fallback: Any = None) -> DeepgramFlux:
        address = f"{origin.replace('http', 'ws', 1)}/v2/listen"
        return DeepgramFlux(fallback=fallback, api_key=key, base_url=address, **options)

    second = None
    if settings.fallback_deepgram_base_url:
        second = at(settings.fallback_origin, settings.fallback_key)
    return at(settings.deepgram_origin, settings.deepgram_key, second)


def build_voice(settings: Settings, profile: Profile, *, slow: bool = False) -> deepgram.TTS:
    """The examiner's voice at the student's speech rate; `slow`: slower than that."""
    return _voice(
        settings.voice,
        settings.deepgram_origin,
        settings.deepgram_key,
        speed(profile, slow=slow),
    )


def build_fallback_voice(settings: Settings, profile: Profile) -> deepgram.TTS | None:
    """Who speaks when the examiner's voice fails; None if the settings name nobody."""
    if not settings.fallback_voice and not settings.fallback_deepgram_base_url:
        return None
    return _voice(
        settings.fallback_voice or settings.voice,
        settings.fallback_origin,
        settings.fallback_key,
        speed(profile),
    )


def _voice(model: str, origin: str, key: str, rate: float) -> deepgram.TTS:
    return deepgram.TTS(
        model=model,
        api_key=key,
        base_url=f"{origin}/v1/speak",
        sample_rate=SAMPLE_RATE,
        speed=None if rate == 1.0 else rate,
        mip_opt_out=True,
    )


def speed(profile: Profile, *, slow: bool = False) -> float:
    """Aura's `speed` for this student, 1.0 being the usual."""
    return round(max(SLOWEST, profile.speech_rate * SLOW) if slow else profile.speech_rate, 3)


def room_options(on_typed: TextInputCallback | None, student: str) -> room_io.RoomOptions:
    """The student's microphone in, the examiner's track and captions out; typed answers only
    where somebody takes them: the framework's own way leads past the record. Of anybody else in
    the room nothing is taken."""
    return room_io.RoomOptions(
        participant_identity=student,
        text_input=room_io.TextInputOptions(text_input_cb=on_typed) if on_typed else False,
        video_input=False,
        audio_input=room_io.AudioInputOptions(
            sample_rate=16_000,
            pre_connect_audio=False,
            # The student's browser does it (web/src/microphone.ts).
            auto_gain_control=False,
        ),
        audio_output=room_io.AudioOutputOptions(
            sample_rate=SAMPLE_RATE,
            num_channels=1,
            track_publish_options=rtc.TrackPublishOptions(
                source=rtc.TrackSource.SOURCE_MICROPHONE,
                audio_encoding=AudioEncoding(max_bitrate=BITRATE),
            ),
        ),
        text_output=room_io.TextOutputOptions(sync_transcription=False),
        close_on_disconnect=False,
    )

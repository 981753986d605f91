"""The AgentSession of an exam: Deepgram's ears and voice, the end of turn left to Flux."""

from livekit.agents import AgentSession, room_io
from livekit.plugins import deepgram

from exam_graph.paper import Paper
from worker.settings import Settings
from worker.warmup import Warm

#: The examiner's track, in Hz, mono: what WebRTC carries, so nothing is resampled on the way.
SAMPLE_RATE = 48_000

EOT_THRESHOLD = 0.7
EAGER_EOT_THRESHOLD = 0.5
EOT_TIMEOUT_MS = 5000


def build_session(settings: Settings, paper: Paper, warm: Warm) -> AgentSession[None]:
    """A session that is not started. Raises ValueError for settings the plugins refuse."""
    origin = settings.deepgram_origin
    return AgentSession(
        stt=deepgram.STTv2(
            model="flux-general-en",
            api_key=settings.deepgram_key,
            base_url=f"{origin.replace('http', 'ws', 1)}/v2/listen",
            keyterm=list(paper.keyterms),
            eot_threshold=EOT_THRESHOLD,
            eager_eot_threshold=EAGER_EOT_THRESHOLD,
            eot_timeout_ms=EOT_TIMEOUT_MS,
            mip_opt_out=True,
        ),
        tts=deepgram.TTS(
            model=settings.voice,
            api_key=settings.deepgram_key,
            base_url=f"{origin}/v1/speak",
            sample_rate=SAMPLE_RATE,
            mip_opt_out=True,
        ),
        llm=warm.llm,
        vad=warm.vad,
        turn_handling={
            "turn_detection": "stt",
            "endpointing": {"min_delay": 0.0, "max_delay": 0.0},
            "interruption": {"mode": "vad", "min_duration": 0.2, "resume_false_interruption": True},
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
    )


def room_options() -> room_io.RoomOptions:
    """The student's microphone in, the examiner's track and captions out; nothing typed."""
    return room_io.RoomOptions(
        text_input=False,
        video_input=False,
        audio_input=room_io.AudioInputOptions(sample_rate=16_000, pre_connect_audio=False),
        audio_output=room_io.AudioOutputOptions(sample_rate=SAMPLE_RATE, num_channels=1),
        text_output=room_io.TextOutputOptions(sync_transcription=False),
        close_on_disconnect=False,
    )

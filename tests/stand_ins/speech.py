"""Ears and mouth without sound: a recogniser that hears what a test says, a voice of silence, and
a loudspeaker that plays at once or only as far as it is told."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from livekit import rtc
from livekit.agents import APIConnectOptions, APIError, APITimeoutError, stt, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS
from livekit.agents.voice import io

from worker.deepgram_flux import OnMessage, WatchedRecogniser

RATE = 48_000
#: Synthesised speech lasts this long a character.
SECONDS_A_CHARACTER = 0.02

_Type = stt.SpeechEventType


class ScriptedEars(stt.STT[Any]):
    """Flux as the plugin hands it on: a student's turn, event by event; and what it may fail at."""

    fallback: WatchedRecogniser | None = None

    def __init__(self) -> None:
        super().__init__(
            capabilities=stt.STTCapabilities(streaming=True, interim_results=True, keyterms=True)
        )
        self._script: asyncio.Queue[stt.SpeechEvent | APIError | str] = asyncio.Queue()
        self.on_message: OnMessage = lambda stream, data: None
        #: Connections that were tried, and the audio that each was given, in seconds.
        self.connections: list[_Hearing] = []
        #: What the next tries to connect fail with.
        self.refusals: deque[APIError] = deque()
        #: A connection stands, and nothing is ever said about it.
        self.mute = False
        #: What the patience was set to, one change after the other.
        self.set_to: list[dict[str, float]] = []

    def update_options(self, **options: float) -> None:
        """Configure."""
        self.set_to.append(options)

    def starts(self, text: str) -> None:
        self._put(_Type.START_OF_SPEECH)
        if text:
            self._put(_Type.INTERIM_TRANSCRIPT, text)

    def goes_on(self, text: str) -> None:
        """An Update, or TurnResumed."""
        self._put(_Type.INTERIM_TRANSCRIPT, text)

    def seems_done(self, text: str) -> None:
        """EagerEndOfTurn."""
        self._put(_Type.PREFLIGHT_TRANSCRIPT, text)

    def ends(self, text: str) -> None:
        """EndOfTurn; without words it was noise."""
        if text:
            self._put(_Type.FINAL_TRANSCRIPT, text)
        self._put(_Type.END_OF_SPEECH)

    def says(self, text: str) -> None:
        """A whole turn without a guess."""
        self.starts(text)
        self.ends(text)

    def breaks(self, error: APIError) -> None:
        """The connection does."""
        self._script.put_nowait(error)

    def tells(self, kind: str) -> None:
        """A message of this type, without words."""
        self._script.put_nowait(kind)

    def stream(self, **_: Any) -> stt.RecognizeStream:
        hearing = _Hearing(self, self._script)
        self.connections.append(hearing)
        return hearing

    async def _recognize_impl(self, *_: Any, **__: Any) -> stt.SpeechEvent:
        raise NotImplementedError("only streams are heard")

    def _put(self, kind: stt.SpeechEventType, text: str = "") -> None:
        data = stt.SpeechData(language="en", text=text, confidence=0.9)  # type: ignore[arg-type]
        self._script.put_nowait(stt.SpeechEvent(type=kind, alternatives=[data] if text else []))


class _Hearing(stt.RecognizeStream):
    def __init__(
        self, ears: ScriptedEars, script: asyncio.Queue[stt.SpeechEvent | APIError | str]
    ) -> None:
        super().__init__(stt=ears, conn_options=APIConnectOptions(max_retry=0))
        self._ears = ears
        self._script = script

    @property
    def given_s(self) -> float:
        """How much audio waits in it."""
        frames = [self._input_ch.recv_nowait() for _ in range(self._input_ch.qsize())]
        return sum(frame.duration for frame in frames if isinstance(frame, rtc.AudioFrame))

    async def _run(self) -> None:
        if self._ears.refusals:
            raise self._ears.refusals.popleft()
        if self._ears.mute:
            await asyncio.Event().wait()
        self._ears.on_message(self, {"type": "Connected"})
        while True:
            step = await self._script.get()
            if isinstance(step, APIError):
                raise step
            if isinstance(step, str):
                self._ears.on_message(self, {"type": step})
                continue
            self._event_ch.send_nowait(step)
            self._ears.on_message(self, {"type": "TurnInfo"})


#: What a voice does instead: fails with it; says so many characters, then fails; says nothing more.
VoiceFault = APIError | int | None


class SilentVoice(tts.TTS[Any]):
    """Speaks silence as long as the words; remembers what it was given to say, and whether that
    was streamed."""

    def __init__(self, on_say: Callable[[str], None] = lambda text: None) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=True), sample_rate=RATE, num_channels=1
        )
        self.said: list[str] = []
        self.streamed: list[bool] = []
        self.on_say = on_say
        #: What happens the next times; then everything is spoken.
        self.faults: deque[VoiceFault] = deque()
        #: Fails with this whatever it is to say.
        self.broken: APIError | None = None

    def stream(
        self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.SynthesizeStream:
        return _Speaking(self, conn_options)

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return _Requested(tts=self, input_text=text, conn_options=conn_options)

    async def speak(self, text: str, emitter: tts.AudioEmitter, *, streamed: bool) -> None:
        """Into the emitter, or not."""
        self.said.append(text)
        self.streamed.append(streamed)
        if self.broken is not None:
            raise self.broken
        fault = self.faults.popleft() if self.faults else len(text)
        if fault is None:
            await asyncio.Event().wait()
        if isinstance(fault, APIError):
            raise fault
        assert fault is not None
        emitter.push(bytes(2 * round(RATE * SECONDS_A_CHARACTER * fault)))
        if fault < len(text):
            emitter.flush()
            await asyncio.sleep(0)
            raise APITimeoutError
        self.on_say(text)


class _Requested(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid(), sample_rate=RATE, num_channels=1, mime_type="audio/pcm"
        )
        assert isinstance(self._tts, SilentVoice)
        await self._tts.speak(self._input_text, output_emitter, streamed=False)
        output_emitter.flush()


class _Speaking(tts.SynthesizeStream):
    def __init__(self, voice: SilentVoice, conn_options: APIConnectOptions) -> None:
        super().__init__(tts=voice, conn_options=conn_options)
        self._voice = voice

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid(),
            sample_rate=RATE,
            num_channels=1,
            mime_type="audio/pcm",
            stream=True,
        )
        output_emitter.start_segment(segment_id=utils.shortuuid())
        text = ""
        async for data in self._input_ch:
            text += data if isinstance(data, str) else ""
        self._mark_started()
        await self._voice.speak(text, output_emitter, streamed=True)
        output_emitter.end_segment()


class Loudspeaker(io.AudioOutput):
    """Plays a segment at once, or `holds` it until it is released or cut off."""

    def __init__(self) -> None:
        super().__init__(
            label="Loudspeaker",
            capabilities=io.AudioOutputCapabilities(pause=True),
            sample_rate=RATE,
        )
        self.holds = False
        #: How much of a held segment was played when it is cut off, in seconds.
        self.played = 0.0
        self._pushed = 0.0
        self._pending = 0.0

    @property
    def loaded(self) -> bool:
        """Whether a whole segment is held."""
        return self._pending > 0

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        if not self._pushed:
            self.on_playback_started(created_at=time.time())
        self._pushed += frame.duration

    def flush(self) -> None:
        super().flush()
        self._pending, self._pushed = self._pending + self._pushed, 0.0
        if not self.holds:
            self.release()

    def release(self) -> None:
        """Plays what is held to its end."""
        if self._pending:
            played, self._pending = self._pending, 0.0
            self.on_playback_finished(playback_position=played, interrupted=False)

    def clear_buffer(self) -> None:
        if self._pushed or self._pending:
            self._pushed = self._pending = 0.0
            self.on_playback_finished(playback_position=self.played, interrupted=True)


class Captions(io.TextOutput):
    """What is shown of the examiner's words, a text for each reply."""

    def __init__(self) -> None:
        super().__init__(label="Captions", next_in_chain=None)
        self.replies: list[str] = []
        self._text = ""

    async def capture_text(self, text: str) -> None:
        self._text += text

    def flush(self) -> None:
        if self._text:
            self.replies.append(self._text.strip())
        self._text = ""

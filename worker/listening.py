"""The student's words, whatever becomes of the recogniser: it is watched, and connected again.

The framework would give up after a few failures and close the session, and a socket that is open
but silent it would notice after three quarters of a minute.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence
from typing import Any

from livekit import rtc
from livekit.agents import APIConnectOptions, stt
from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential_jitter

from exam_graph.clock import Clock
from exam_graph.events import Fault, SoundCause
from worker.deafness import Deafness
from worker.deepgram_flux import WatchedRecogniser
from worker.failures import Kind, kind_of
from worker.kept_audio import KeptAudio
from worker.racing import first_of

#: A connection that stands again so soon was hardly missed, in seconds: nothing is said of it.
GRACE_S = 1.0
#: A connection that has stood for so long is no failed try to connect, in seconds.
STOOD_S = 5.0
#: One that has shown no sign of hearing after so many seconds is tried anew.
PROOF_S = 6.0
#: A recogniser closes on who sends nothing for some time: no failure after so many seconds of it.
IDLE_S = 3.0
#: Between two tries there are at most so many seconds; a connection may take so many.
LONGEST_WAIT_S = 5.0
CONNECT_S = 4.0
#: At the end of the exam a connection may take so long to close, in seconds.
CLOSING_S = 1.0

_ONE_TRY = APIConnectOptions(max_retry=0, timeout=CONNECT_S)
_Type = stt.SpeechEventType


class _LostError(Exception):
    """The recogniser could not be reached, or not for long."""


class Listening:
    """One student's recogniser, for as long as the exam lasts.

    An answer that it fails in ends with what was heard; `take_fault` tells of it.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        on_failure: Callable[[Kind], None] = lambda kind: None,
        on_change: Callable[[bool], None] = lambda hears: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._on_failure = on_failure
        self._on_change = on_change
        self._sleep = sleep
        #: Set when something may have changed; whoever waits for it clears it.
        self.changed = asyncio.Event()
        #: What failed last.
        self.failure: Kind | None = None
        self._lost_at: float | None = clock.now()
        self._stood_since: float | None = None
        self._stream: stt.RecognizeStream | None = None
        self._broken = asyncio.Event()
        self._hearing = asyncio.Event()
        self._must_work = False
        self._deafness = Deafness()
        self._audio = KeptAudio()
        self._sent_at = clock.now()
        self._flowing = asyncio.Event()
        self._events: asyncio.Queue[stt.SpeechEvent | None] = asyncio.Queue()
        self._open = False
        self._said: stt.SpeechEvent | None = None
        self._fault: Fault = ""
        self._giving_up: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    # -- what is known of it --

    @property
    def hears(self) -> bool:
        """A recogniser is connected, as far as is known."""
        return self._lost_at is None

    def trouble(self) -> SoundCause | None:
        """Why nothing is heard; None if nothing is known to be wrong."""
        return None if self._lost_at is None or self.certain_in() > 0 else "recogniser"

    def certain_in(self) -> float:
        """Seconds until a recogniser that failed counts as such; 0: nothing to wait for."""
        if self._lost_at is None:
            return 0.0
        return max(0.0, round(self._lost_at + GRACE_S - self._clock.now(), 3))

    def take_fault(self) -> Fault:
        """What failing did to the turn that has just become certain. Told once."""
        fault, self._fault = self._fault, ""
        return fault

    def hear_voice(self, *, speaking: bool) -> None:
        """The voice detector's word: somebody speaks, or nobody does any more."""
        self._deafness.voice = speaking

    # -- listening --

    async def hear(
        self, recogniser: WatchedRecogniser, audio: AsyncIterable[rtc.AudioFrame]
    ) -> AsyncGenerator[stt.SpeechEvent, None]:
        """What is recognised, until the audio ends. Never raises what a recogniser fails with."""
        self._events = asyncio.Queue()
        recognisers = [recogniser]
        if recogniser.fallback is not None:
            recognisers.append(recogniser.fallback)
        for each in recognisers:
            each.on_message = self._on_message
        work = [
            asyncio.create_task(self._take_in(audio)),
            asyncio.create_task(self._keep_connected(recognisers)),
        ]
        for task in work:
            task.add_done_callback(lambda _: self._events.put_nowait(None))
        try:
            while (event := await self._events.get()) is not None:
                yield event
            # The audio has ended; or something of ours is wrong, which must not go unnoticed.
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in work:
                if task.done():
                    task.result()
        finally:
            for task in (*work, *filter(None, (self._giving_up,))):
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            if self._closing:
                await asyncio.wait(self._closing, timeout=CLOSING_S)

    async def _take_in(self, audio: AsyncIterable[rtc.AudioFrame]) -> None:
        async for frame in audio:
            self._audio.add(frame)
            self._sent_at = self._clock.now()
            self._flowing.set()
            if self._stream is None:
                continue
            # It may have ended this moment: then the frame waits for the next one.
            with contextlib.suppress(RuntimeError):
                self._stream.push_frame(frame)
            if self._lost_at is None and self._deafness.lasts(frame.duration, self._open):
                self._break("deaf")

    async def _keep_connected(self, recognisers: Sequence[WatchedRecogniser]) -> None:
        while True:
            tries = AsyncRetrying(
                retry=retry_if_exception_type(_LostError),
                wait=wait_exponential_jitter(multiplier=0.2, max=LONGEST_WAIT_S, jitter=0.2),
                sleep=self._sleep,
            )
            async for attempt in tries:
                turn = attempt.retry_state.attempt_number - 1
                with attempt:
                    await self._hear_by(recognisers[turn % len(recognisers)])

    async def _hear_by(self, recogniser: WatchedRecogniser) -> None:
        """As long as it hears. Raises _LostError if that was not for long."""
        self._broken.clear()
        self._stood_since = None
        try:
            stream = self._stream = recogniser.stream(conn_options=_ONE_TRY)
            self._audio.play_to(stream)
            reading = asyncio.create_task(self._read(stream))
            try:
                await first_of(reading, self._broken.wait(), self._doubt())
            finally:
                self._stream = None
                # It may take long to close where nobody answers.
                self._in_background(stream.aclose())
            if self._lost_at is None and self._clock.now() - self._sent_at > IDLE_S:
                self._end_turn("lost")
                self._flowing.clear()
                await self._flowing.wait()
                return
            if not self._broken.is_set():
                self._lose(kind_of(reading.exception() or ConnectionError()))
        except Exception as error:  # whatever it is: an exam without hearing is none
            self._lose(kind_of(error))
        if self._stood_since is None or self._clock.now() - self._stood_since < STOOD_S:
            raise _LostError

    async def _doubt(self) -> None:
        """Leaves a connection that never shows that it hears."""
        await first_of(self._sleep(PROOF_S), self._hearing.wait())
        if self._lost_at is not None:
            self._break("timeout")
        await self._broken.wait()

    async def _read(self, stream: stt.RecognizeStream) -> None:
        async for event in stream:
            if stream is self._stream:
                self._pass_on(event)

    def _pass_on(self, event: stt.SpeechEvent) -> None:
        if event.type is _Type.START_OF_SPEECH:
            self._open, self._said = True, None
        elif event.type in (_Type.INTERIM_TRANSCRIPT, _Type.PREFLIGHT_TRANSCRIPT):
            self._open, self._said = True, event
        elif event.type is _Type.FINAL_TRANSCRIPT:
            self._said = None
            self._deafness.is_none()
            if self._fault:
                self._fault = "mended"
        elif event.type is _Type.END_OF_SPEECH:
            self._open = False
        self._events.put_nowait(event)

    def _on_message(self, stream: stt.RecognizeStream, data: dict[str, Any]) -> None:
        if stream is not self._stream:
            return
        if data.get("type") == "Error":
            self._break("error")
            return
        if self._stood_since is None:
            self._stood_since = self._clock.now()
        self._deafness.heard()
        at_work = data.get("type") == "TurnInfo"
        if at_work:
            certain = data.get("event") == "EndOfTurn"
            self._audio.heard_to(float(data.get("audio_window_end") or 0.0), certain=certain)
        # That one is connected says nothing about who was deaf while it was.
        if self._lost_at is not None and (at_work or not self._must_work):
            self._regain()

    # -- failing --

    def _break(self, kind: Kind) -> None:
        """Leaves a connection that stands, and is of no use."""
        if not self._broken.is_set():
            self._broken.set()
            self._must_work = self._must_work or kind == "deaf"
            self._lose(kind)

    def _lose(self, kind: Kind) -> None:
        self.failure = kind
        self._hearing.clear()
        self._on_failure(kind)
        if self._lost_at is None:
            self._lost_at = self._clock.now()
            self._on_change(False)
            self._giving_up = asyncio.create_task(self._give_up())
        self.changed.set()

    async def _give_up(self) -> None:
        """It was no moment: the turn ends with what was heard, and what is said now is lost."""
        await self._sleep(GRACE_S)
        self._end_turn("lost")
        self._audio.forget()

    def _regain(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None
        self._lost_at, self._must_work = None, False
        self._hearing.set()
        self._end_turn("broken_off")
        self._on_change(True)
        self.changed.set()

    def _end_turn(self, fault: Fault) -> None:
        """The turn that was open becomes one of what was heard of it."""
        if not self._open:
            return
        said, self._said, self._open = self._said, None, False
        if said is not None and any(each.text for each in said.alternatives):
            self._fault = fault
            final = stt.SpeechEvent(type=_Type.FINAL_TRANSCRIPT, alternatives=said.alternatives)
            self._events.put_nowait(final)
        self._events.put_nowait(stt.SpeechEvent(type=_Type.END_OF_SPEECH))

    def _in_background(self, closing: Awaitable[None]) -> None:
        async def close() -> None:
            with contextlib.suppress(Exception):
                await closing

        task = asyncio.create_task(close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

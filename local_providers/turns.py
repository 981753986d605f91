"""Flux's state machine: from frames of audio to StartOfTurn, Update, Eager and EndOfTurn.

Everything runs on audio time: a turn ends at the same second of audio however long the recogniser
takes, because the next frame waits for the words that a decision needs. The load only takes away
what can be spared: Updates, and guesses at an end that the audio already waiting has refuted.

The rules (developers.deepgram.com/docs/flux/state): an EagerEndOfTurn has words; TurnResumed comes
only after one; EndOfTurn says what the EagerEndOfTurn just before it said; `turn_index` rises right
after EndOfTurn.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Protocol

from local_providers.decode_queue import Urgency
from local_providers.ending import confidence, earliest
from local_providers.recording import FRAME_SECONDS, Recording, VoiceActivity
from local_providers.thresholds import Thresholds
from local_providers.transcript import Passage, Samples, Transcript
from local_providers.turn_event import Event, Trigger, TurnEvent

PRE_ROLL = 0.3
"""Seconds kept from before the first voice: its quiet beginning."""
FIRST_TRY = 0.26
"""Seconds of voice after which the first words are looked for."""
RETRY_GROWTH = 1.7
PAUSE = 0.25
"""Seconds of silence that start the decode a turn's end would need."""
GIVE_UP = 0.6
"""Seconds of silence after a voice without words that make it a noise."""
UPDATE_SPACING = 2.0
"""Least seconds of audio between an update and the decode before it."""
UPDATE_SHARE = 6
"""Updates may take one part in this many of the time, whatever a decode costs."""
SETTLE_AFTER = 10.0
"""Seconds of audio that are transcribed for good at the next pause."""
CUT_AFTER = 24.0
"""Seconds of audio without a pause that are cut at their quietest place."""
CUT_WITHIN = 6.0


class Recogniser(Protocol):
    """What a turn needs of the decode queue."""

    last_cost: float

    @property
    def idle(self) -> bool: ...

    def submit(self, passage: Passage, urgency: Urgency) -> "asyncio.Future[Transcript]": ...


class _State(Enum):
    SILENT = auto()
    """No turn."""
    VOICED = auto()
    """A voice, no words yet."""
    SPEAKING = auto()
    AWAITING = auto()
    """After an EagerEndOfTurn."""


class Turns:
    """The turns of one stream. Call `hear` for every frame, one call at a time."""

    def __init__(
        self,
        recogniser: Recogniser,
        emit: Callable[[TurnEvent], Awaitable[None]],
        thresholds: Thresholds,
        keyterms: tuple[str, ...] = (),
        numerals: bool = False,
    ) -> None:
        self.thresholds = thresholds
        self.keyterms = keyterms
        self.numerals = numerals
        self._recogniser = recogniser
        self._emit = emit
        self._recording = Recording()
        self._voice = VoiceActivity()
        self._index = 0
        self._voice_returns_in = math.inf
        self._pause: asyncio.Future[Transcript] | None
        self._update: asyncio.Future[Transcript] | None
        self._begin_anew()

    async def hear(self, frame: Samples, speech: bool, voice_returns_in: float = math.inf) -> None:
        """The next frame, and whether the voice detector takes it for speech.

        `voice_returns_in` is what a stream that lags behind its audio knows already: the seconds
        until speech goes on. A pause that is known to be one is not decoded to guess at its end.
        """
        self._voice_returns_in = voice_returns_in
        self._recording.append(frame)
        self._voice.note(speech)
        if self._state is _State.SILENT:
            self._wait_for_voice()
        elif self._state is _State.VOICED:
            await self._look_for_words()
        elif self._voice.silence == 0:
            await self._go_on()
        elif self._voice.silence >= PAUSE:
            await self._consider_end()

    async def force_end(self) -> None:
        """Ends the turn on the audio so far; without a turn nothing happens."""
        if self._state is _State.VOICED:
            await self._start(await self._decode(Urgency.END))
        if self._state in (_State.SPEAKING, _State.AWAITING):
            await self._end("manual", await self._words_at_pause())

    async def close(self) -> None:
        """Says as an Update what was heard and not said yet. Ends no turn, as Flux ends none."""
        if self._state is _State.VOICED:
            await self._start(await self._decode(Urgency.END))
        elif self._state is _State.SPEAKING:
            await self._say("Update", await self._words_at_pause())
        self._begin_anew()

    # A voice, and its first words

    def _wait_for_voice(self) -> None:
        if self._voice.silence == 0:
            self._state = _State.VOICED
            self._voiced_since = self._recording.end
            self._next_try = FIRST_TRY
        else:
            self._recording.drop_before(self._recording.end - round(PRE_ROLL / FRAME_SECONDS))

    async def _look_for_words(self) -> None:
        if self._voice.silence >= PAUSE:
            if self._voice.silence + self._voice_returns_in < GIVE_UP:
                return
            if self._pause is None:
                self._pause = self._decode(Urgency.END)
                await self._start(await self._pause)
            elif self._voice.silence >= GIVE_UP:
                self._begin_anew()
            return
        if self._voice.silence == 0:
            self._pause = None
        voiced = (self._recording.end - self._voiced_since) * FRAME_SECONDS
        if voiced >= self._next_try:
            self._next_try = voiced * RETRY_GROWTH
            await self._start(await self._decode(Urgency.START))

    async def _start(self, words: Transcript) -> None:
        if words:
            self._state = _State.SPEAKING
            self._window_start = self._recording.first * FRAME_SECONDS
            await self._say("StartOfTurn", words)
        elif self._recording.seconds > CUT_AFTER:
            self._recording.drop_before(self._recording.end - round(CUT_WITHIN / FRAME_SECONDS))

    # The turn goes on

    async def _go_on(self) -> None:
        if self._pause is not None:
            await self._resume(self._pause)
        if self._update is not None and self._update.done():
            words, self._update = self._update.result(), None
            if words:
                await self._say("Update", words)
        await self._settle_long_speech()
        spacing = max(UPDATE_SPACING, UPDATE_SHARE * self._recogniser.last_cost)
        since = (self._recording.end - self._last_decode) * FRAME_SECONDS
        if self._update is None and since >= spacing and self._recogniser.idle:
            self._update = self._decode(Urgency.UPDATE)

    async def _resume(self, pause: "asyncio.Future[Transcript]") -> None:
        self._pause = None
        if self._state is _State.AWAITING:
            self._state = _State.SPEAKING
            await self._say("TurnResumed", self._open)
        if self._recording.seconds >= SETTLE_AFTER:
            self._settle(await pause or self._open, self._voice.gap_middle)
        else:
            pause.cancel()

    async def _settle_long_speech(self) -> None:
        if self._recording.seconds < CUT_AFTER:
            return
        now = self._recording.end
        cut = self._recording.quietest(now - round(CUT_WITHIN / FRAME_SECONDS), now)
        self._drop_update()
        self._settle(await self._decode(Urgency.END, until=cut) or self._open, cut)

    def _settle(self, words: Transcript, until: int) -> None:
        self._settled += words
        self._open = Transcript()
        self._drop_update()
        self._recording.drop_before(until)

    # The turn's end

    async def _consider_end(self) -> None:
        silence, limits = self._voice.silence, self.thresholds
        timeout = limits.timeout_ms / 1000
        eager = limits.eager if self._state is _State.SPEAKING else None
        end = min(earliest(limits.eot), timeout)
        if silence + self._voice_returns_in < end:
            return
        if self._pause is None:
            self._drop_update()
            self._pause = self._decode(Urgency.END)
        if silence < min(end, earliest(eager) if eager else math.inf):
            await self._say_news(self._pause)
            return
        words = await self._words_at_pause()
        sure = confidence(silence, (self._settled + words).text)
        if sure >= limits.eot:
            await self._end("model", words)
        elif silence >= timeout:
            await self._end("timeout", words)
        elif eager is not None and sure >= eager:
            self._state = _State.AWAITING
            await self._say("EagerEndOfTurn", words)

    async def _say_news(self, pause: "asyncio.Future[Transcript]") -> None:
        if self._state is not _State.SPEAKING or not pause.done():
            return
        words = pause.result()
        if words and words != self._open:
            await self._say("Update", words)

    async def _words_at_pause(self) -> Transcript:
        """The open words; what was heard before when the whole now seems to be silence."""
        if self._pause is None:
            self._drop_update()
            self._pause = self._decode(Urgency.END)
        words = await self._pause
        return words or self._open

    async def _end(self, trigger: Trigger, words: Transcript) -> None:
        await self._say("EndOfTurn", words, trigger)
        self._index += 1
        if trigger == "manual":
            self._voice.forget()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._state = _State.SILENT
        self._recording.drop_before(self._recording.end)
        self._window_start = 0.0
        self._voiced_since = 0
        self._next_try = FIRST_TRY
        self._last_decode = 0
        self._settled = Transcript()
        self._open = Transcript()
        self._pause = None
        self._update = None

    # Decoding and saying

    def _decode(self, urgency: Urgency, until: int | None = None) -> "asyncio.Future[Transcript]":
        until = self._recording.end if until is None else until
        self._last_decode = until
        passage = Passage(
            samples=self._recording.samples(until),
            start=self._recording.first * FRAME_SECONDS,
            voiced_until=min(self._voice.voiced_until, until * FRAME_SECONDS),
            keyterms=self.keyterms,
            numerals=self.numerals,
            hasty=urgency is not Urgency.END,
        )
        return self._recogniser.submit(passage, urgency)

    def _drop_update(self) -> None:
        if self._update is not None:
            self._update.cancel()
            self._update = None

    async def _say(self, event: Event, words: Transcript, trigger: Trigger | None = None) -> None:
        self._open = words
        whole = self._settled + words
        sure = confidence(self._voice.silence, whole.text)
        await self._emit(
            TurnEvent(
                event=event,
                turn_index=self._index,
                window_start=self._window_start,
                window_end=self._last_decode * FRAME_SECONDS,
                transcript=whole,
                confidence=sure,
                trigger=trigger,
            )
        )

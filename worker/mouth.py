"""The sound of what the examiner says: made ahead where it could be, else as it is synthesised.

A voice that fails is tried once more, in another way; then another voice speaks, if there is one.
When nobody can, the page has the words, and the voices are tried until one speaks again.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any, NamedTuple

from livekit import rtc
from livekit.agents import Agent, ModelSettings, tts
from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from exam_graph.events import SoundCause
from exam_graph.utterance import Utterance
from worker.failures import Kind, kind_of
from worker.speech_cache import SpeechCache, frames
from worker.timely import timely
from worker.voices import Sound, requested, streamed, streamed_by

#: A voice that failed rests for so long if another one can speak, in seconds.
REST_S = 30.0
#: Voices that have fallen silent are tried again after so long at most, in seconds.
LONGEST_WAIT_S = 10.0


class UnspokenError(Exception):
    """No voice could say it to its end."""


class _Way(NamedTuple):
    """usual: in the session's voice at its speed, so that it may be kept for the next time"""

    sound: Callable[[], Sound]
    usual: bool = False
    fallback: bool = False


class Mouth:
    """`slow` speaks what is to be said more slowly than the rest; `ready` has what was made ahead;
    `fallback` speaks when the session's voice fails.

    Without them, everything is streamed by the session's voice at the usual speed.
    """

    def __init__(
        self,
        slow: tts.TTS[Any] | None = None,
        ready: SpeechCache | None = None,
        fallback: tts.TTS[Any] | None = None,
        *,
        timeout_s: float = 3.0,
        rest_s: float = REST_S,
    ) -> None:
        """`timeout_s`: to the first sound, and between two pieces."""
        self._slow = slow
        self._ready = ready
        self._fallback = fallback
        self._timeout_s = timeout_s
        self._rest_s = rest_s
        #: Told of each failure.
        self.on_failure: Callable[[Kind], None] = lambda kind: None
        #: Set when something may have changed; whoever waits for it clears it.
        self.changed = asyncio.Event()
        self._silent = False
        self._resting_until = 0.0
        self._recovering: asyncio.Task[None] | None = None

    def trouble(self) -> SoundCause | None:
        """Why the student hears nothing; None if nothing is known to be wrong."""
        return "voice" if self._silent else None

    def certain_in(self) -> float:
        """A voice that has fallen silent has been tried long enough."""
        return 0.0

    async def aclose(self) -> None:
        if self._recovering is not None:
            self._recovering.cancel()
        for voice in (self._slow, self._fallback):
            if voice is not None:
                await voice.aclose()

    async def speak(
        self, utterance: Utterance, agent: Agent, settings: ModelSettings
    ) -> AsyncGenerator[rtc.AudioFrame, None]:
        """The frames of an utterance, by whichever voice can speak; from its beginning again after
        a voice that broke off. Raises UnspokenError if none says it to its end."""
        slowly = utterance.slow and self._slow is not None
        pcm = None if slowly else self._made_ahead(utterance)
        if pcm is None and not self._silent:
            with self._ready.streaming() if self._ready else contextlib.nullcontext():
                for way in self._ways(utterance, agent, settings):
                    pieces: list[bytes] = []
                    try:
                        async for frame in timely(way.sound(), self._timeout_s):
                            pieces.append(bytes(frame.data))
                            yield frame
                    except Exception as error:  # whatever it is: another way may work
                        self.on_failure(kind_of(error))
                        continue
                    # Whoever is interrupted never comes here.
                    self._spoken(utterance, way, b"".join(pieces))
                    return
        if pcm is None:
            # At the usual speed is better than not at all.
            pcm = self._made_ahead(utterance)
        if pcm is None:
            self._fall_silent(utterance, agent)
            raise UnspokenError
        for frame in frames(pcm):
            yield frame

    async def try_voice(self, agent: Agent, words: str) -> Kind | None:
        """Has the session's voice say something that nobody hears: None, or what fails."""
        try:
            async for _ in timely(streamed(words, agent, ModelSettings()), self._timeout_s):
                pass
        except Exception as error:
            kind = kind_of(error)
            self.on_failure(kind)
            return kind
        return None

    def _made_ahead(self, utterance: Utterance) -> bytes | None:
        if not utterance.authored or self._ready is None:
            return None
        return self._ready.get(utterance.say)

    def _ways(self, utterance: Utterance, agent: Agent, settings: ModelSettings) -> list[_Way]:
        """In this order."""
        words = utterance.say
        usual, other = self._requests(words, agent)
        if utterance.slow and self._slow is not None:
            slowly = _Way(partial(streamed_by, self._slow, words, self._timeout_s))
            again = _Way(partial(requested, self._slow, words, self._timeout_s))
            return [slowly, again, *other]
        if other and _now() < self._resting_until:
            return other
        return [_Way(partial(streamed, words, agent, settings), usual=True), *usual, *other]

    def _requests(self, words: str, agent: Agent) -> tuple[list[_Way], list[_Way]]:
        """Of the session's voice, and of the other one."""

        def by(voice: tts.TTS[Any] | None, *, usual: bool) -> list[_Way]:
            if voice is None:
                return []
            return [_Way(partial(requested, voice, words, self._timeout_s), usual, not usual)]

        return by(agent.session.tts, usual=True), by(self._fallback, usual=False)

    def _spoken(self, utterance: Utterance, way: _Way, pcm: bytes) -> None:
        # It rests from its failure on, however much the other one says meanwhile.
        if way.fallback and _now() >= self._resting_until:
            self._resting_until = _now() + self._rest_s
        if way.usual and utterance.authored and pcm and self._ready is not None:
            self._ready.put(utterance.say, pcm)

    def _fall_silent(self, utterance: Utterance, agent: Agent) -> None:
        if not self._silent:
            self._silent = True
            self.changed.set()
            self._recovering = asyncio.create_task(self._recover(utterance, agent))

    async def _recover(self, utterance: Utterance, agent: Agent) -> None:
        """Tries to say what could not be said, unheard, until somebody can."""
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(UnspokenError),
            wait=wait_exponential(multiplier=0.5, max=LONGEST_WAIT_S),
        ):
            with attempt:
                await self._try_to_say(utterance, agent)
        self._silent = False
        self.changed.set()

    async def _try_to_say(self, utterance: Utterance, agent: Agent) -> None:
        usual, other = self._requests(utterance.say, agent)
        for way in (*usual, *other):
            try:
                sound = timely(way.sound(), self._timeout_s)
                pieces = [bytes(frame.data) async for frame in sound]
            except Exception as error:
                self.on_failure(kind_of(error))
                continue
            self._spoken(utterance, way, b"".join(pieces))
            return
        raise UnspokenError


def _now() -> float:
    return asyncio.get_running_loop().time()

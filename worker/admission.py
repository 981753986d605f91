"""Before the clock starts: the recogniser hears and the voice speaks, or the student waits for it.

A provider takes so many connections at once and refuses the next one: that is met here, and not in
the middle of an exam. What was opened stays open.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from tenacity import AsyncRetrying, RetryError, retry_if_result, stop_after_delay, wait_exponential

from records.notice import Notice
from worker.failures import Kind
from worker.protocol import PROVIDERS_BUSY, PROVIDERS_DOWN, PROVIDERS_READY
from worker.voice import Voice

#: The page tells what is waited for after so long, in seconds: connecting may take a moment.
TELL_AFTER_S = 2.0
#: Without a voice an exam can be held, if it must be: it is waited for no longer, in seconds.
VOICE_PATIENCE_S = 60.0
#: Between two tries of the voice, at most, in seconds.
LONGEST_WAIT_S = 5.0

_PROOF = "OK."


class Admission:
    """`begin` it as soon as there is a session; call it when the exam is to begin."""

    def __init__(
        self, voice: Voice, notify: Callable[[Notice], Awaitable[None]], *, hearing: bool = True
    ) -> None:
        """Without `hearing` it is the voice alone that is waited for: who types is not heard."""
        self._voice = voice
        self._notify = notify
        self._hearing = hearing
        self._failure: Kind | None = None
        self._proving: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._proving = asyncio.create_task(self._prove())

    def end(self) -> None:
        """The exam is over, perhaps before it began."""
        if self._proving is not None:
            self._proving.cancel()

    async def __call__(self) -> None:
        """Returns when the exam may begin. What it waits for is told on the page."""
        if self._proving is None:
            return
        await asyncio.wait((self._proving,), timeout=TELL_AFTER_S)
        if self._proving.done():
            return
        told: Notice | None = None
        while not self._proving.done():
            busy = "limited" in (self._failure, self._voice.listening.failure)
            if (notice := PROVIDERS_BUSY if busy else PROVIDERS_DOWN) != told:
                await self._notify(notice)
                told = notice
            await asyncio.wait((self._proving,), timeout=TELL_AFTER_S)
        await self._notify(PROVIDERS_READY)

    async def _prove(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._speaks())
            if self._hearing:
                group.create_task(self._hears())

    async def _hears(self) -> None:
        listening = self._voice.listening
        while not listening.hears:
            listening.changed.clear()
            await listening.changed.wait()

    async def _speaks(self) -> None:
        tries = AsyncRetrying(
            retry=retry_if_result(lambda failure: failure is not None),
            wait=wait_exponential(multiplier=0.5, max=LONGEST_WAIT_S),
            stop=stop_after_delay(VOICE_PATIENCE_S),
        )
        # If it never does, the page has the words and says why.
        with contextlib.suppress(RetryError):
            await tries(self._try_voice)

    async def _try_voice(self) -> Kind | None:
        self._failure = await self._voice.mouth.try_voice(self._voice, _PROOF)
        return self._failure

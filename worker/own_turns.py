"""For students who end their turns by a button: no pause ends one, whatever the recogniser says."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterable, Callable

from livekit.agents import stt

_END = stt.SpeechEventType.END_OF_SPEECH


class OwnTurns:
    """Holds back each end of speech until the student has asked for it.

    A recogniser ends a turn by itself after a minute of silence. Its words are passed on and the
    turn stays open: what is said then belongs to it too.
    """

    def __init__(self, on_held: Callable[[], None]) -> None:
        """`on_held`: a turn would have ended, and waits for the button."""
        self._on_held = on_held
        self._events: asyncio.Queue[stt.SpeechEvent | None] = asyncio.Queue()
        self._asked = False
        self._held = False
        self._open = False

    def end(self) -> None:
        """The turn that is open ends with its last word, or the next one that is heard."""
        if self._held and not self._open:
            self._held = False
            self._events.put_nowait(stt.SpeechEvent(type=_END))
        else:
            self._asked = True

    def go_on(self) -> None:
        """No end is asked for any more."""
        self._asked = False

    async def only_ended(
        self, events: AsyncIterable[stt.SpeechEvent]
    ) -> AsyncGenerator[stt.SpeechEvent, None]:
        """The events without the ends that nobody asked for. For one stream after the other."""
        pumping = asyncio.create_task(self._pump(events))
        try:
            while (event := await self._events.get()) is not None:
                yield event
            await pumping
        finally:
            pumping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pumping

    async def _pump(self, events: AsyncIterable[stt.SpeechEvent]) -> None:
        try:
            async for event in events:
                if self._passes(event):
                    self._events.put_nowait(event)
        finally:
            self._events.put_nowait(None)

    def _passes(self, event: stt.SpeechEvent) -> bool:
        if event.type is stt.SpeechEventType.START_OF_SPEECH:
            self._open = True
        elif event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
            self._held = self._held or bool(event.alternatives and event.alternatives[0].text)
        elif event.type is _END:
            self._open = False
            if self._held and not self._asked:
                self._on_held()
                return False
            self._held = self._asked = False
        return True

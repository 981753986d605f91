"""What a client has sent and its turns have not heard yet.

A stream is read as it comes, or its pings would go unanswered while the recogniser works. What lies
here is also a look into the future: a pause after which speech is already waiting ends no turn.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass

from local_providers.recording import FRAME_SECONDS, ONSET_FRAMES
from local_providers.transcript import Samples

MOST = 4000
"""Items after which the client has to wait: two minutes of audio."""
_FAR_ENOUGH = 64
"""Frames looked ahead: two seconds."""


@dataclass(frozen=True, slots=True)
class Frame:
    samples: Samples
    speech: bool


class Backlog:
    """A queue of frames and of messages, for one writer and one reader."""

    def __init__(self) -> None:
        self._items: deque[Frame | str] = deque()
        self._filled = asyncio.Event()
        self._has_room = asyncio.Event()

    async def put(self, item: Frame | str) -> None:
        self._items.append(item)
        self._filled.set()
        if len(self._items) >= MOST:
            self._has_room.clear()
            await self._has_room.wait()

    async def get(self) -> Frame | str:
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        item = self._items.popleft()
        if len(self._items) < MOST:
            self._has_room.set()
        return item

    def voice_returns_in(self) -> float:
        """Seconds from the last item got to the next voice; infinite when none is known of."""
        run = 0
        for number, item in enumerate(self._items):
            if isinstance(item, str) or number >= _FAR_ENOUGH:
                break
            run = run + 1 if item.speech else 0
            if run == ONSET_FRAMES:
                return (number + 1) * FRAME_SECONDS
        return math.inf

"""The student's audio on its way to the recogniser: looked at, and silence where it breaks off."""

import asyncio
from collections.abc import Callable

from livekit import rtc
from livekit.agents.voice import io

#: Audio that stays away for so long has broken off, in seconds.
GAP_S = 0.5
#: It is filled with frames of this length, in seconds.
FRAME_S = 0.05
RATE = 16_000


class MicrophoneAudio(io.AudioInput):
    """Passes frames on untouched and shows them to `hear`.

    A recogniser ends a turn by the silence that follows it. From a microphone that was pulled out
    in mid-sentence no silence comes: while `present()`, it is put in.
    """

    def __init__(
        self,
        source: io.AudioInput,
        *,
        hear: Callable[[rtc.AudioFrame], None],
        present: Callable[[], bool],
    ) -> None:
        super().__init__(label="MicrophoneAudio", source=source)
        self._hear = hear
        self._present = present
        self._coming: asyncio.Task[rtc.AudioFrame] | None = None
        self._in_gap = False

    async def __anext__(self) -> rtc.AudioFrame:
        while True:
            if self._coming is None:
                self._coming = asyncio.create_task(self._next())
                self._coming.add_done_callback(_retrieve)
            await asyncio.wait({self._coming}, timeout=FRAME_S if self._in_gap else GAP_S)
            if self._coming.done():
                coming, self._coming, self._in_gap = self._coming, None, False
                frame = coming.result()
                self._hear(frame)
                return frame
            self._in_gap = self._present()
            if self._in_gap:
                return _silence()

    async def _next(self) -> rtc.AudioFrame:
        assert self.source is not None
        return await self.source.__anext__()


def _silence() -> rtc.AudioFrame:
    samples = round(RATE * FRAME_S)
    return rtc.AudioFrame(bytes(2 * samples), RATE, 1, samples)


def _retrieve(task: asyncio.Task[rtc.AudioFrame]) -> None:
    """The end of the audio may be nobody's concern any more."""
    if not task.cancelled():
        task.exception()

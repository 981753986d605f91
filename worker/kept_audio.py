"""The audio that a recogniser may not have heard yet, kept to be heard by the next one."""

import time
from collections import deque

from livekit import rtc
from livekit.agents import stt

#: At most so much of it, in seconds.
KEPT_S = 8.0
#: A word that broke off is heard again from its beginning: this may come twice, in seconds.
OVERLAP_S = 0.5


class KeptAudio:
    """The end of one stream of audio. Positions are in seconds from its beginning."""

    def __init__(self) -> None:
        self._frames: deque[tuple[float, rtc.AudioFrame]] = deque()
        self._end = 0.0
        self._base = 0.0
        self._began_at: float | None = None

    def add(self, frame: rtc.AudioFrame) -> None:
        if self._began_at is None:
            self._began_at = time.time()
        self._frames.append((self._end, frame))
        self._end += frame.duration
        self._drop_before(self._end - KEPT_S)

    def play_to(self, stream: stt.RecognizeStream) -> None:
        """All that is kept, at once; its times are counted on from those before."""
        self._base = self._frames[0][0] if self._frames else self._end
        if self._began_at is not None:
            behind = self._end - self._base
            stream.start_time_offset = max(0.0, time.time() - self._began_at - behind)
        for _, frame in self._frames:
            stream.push_frame(frame)

    def heard_to(self, seconds: float, *, certain: bool) -> None:
        """Of the stream's audio, so much has been heard; `certain`: and its words are final."""
        self._drop_before(self._base + seconds - (0.0 if certain else OVERLAP_S))

    def forget(self) -> None:
        """Nobody is to hear it any more."""
        self._frames.clear()

    def _drop_before(self, position: float) -> None:
        while self._frames and self._frames[0][0] + self._frames[0][1].duration <= position:
            self._frames.popleft()

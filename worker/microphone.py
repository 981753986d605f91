"""Watches that sound can come from the student's microphone, and tells when none can."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from livekit import rtc

from exam_graph.clock import Clock
from exam_graph.events import SoundBack, SoundCause, SoundLost
from worker.examiner import Examiner
from worker.racing import first_of

#: A microphone that is off for so long is off; a cough or a change of device takes less. Seconds.
GRACE_S = 2.0
#: So much audio without any sound comes from no open microphone in a room, in seconds.
DEAD_S = 4.0
#: After a false alarm (headsets may cut out a room's noise altogether) it takes so many times more.
MORE_PATIENT = 4.0
#: Digital silence is this loud after coding and decoding, in 16-bit steps [measured].
DEAD_LEVEL = 1


class Microphone:
    """What is known of the student's microphone: by the room's events, and by its audio."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        #: Set when something may have changed; whoever waits for it clears it.
        self.changed = asyncio.Event()
        self._muted: dict[str, bool] = {}
        self._off_since: float | None = clock.now()
        self._silent_s = 0.0
        self._dead_s = DEAD_S

    @property
    def plugged(self) -> bool:
        return bool(self._muted)

    def published(self, sid: str, *, muted: bool) -> None:
        """It is there; said again when it is muted or unmuted."""
        if sid not in self._muted:
            self._dead_s = DEAD_S
        self._muted[sid] = muted
        self._note()

    def unpublished(self, sid: str) -> None:
        self._muted.pop(sid, None)
        self._note()

    def hear(self, frame: rtc.AudioFrame) -> None:
        """The next audio that came from it."""
        was_dead = self._dead
        if max(frame.data) > DEAD_LEVEL or min(frame.data) < -DEAD_LEVEL:
            self._silent_s = 0.0
            if was_dead:
                self._dead_s = DEAD_S * MORE_PATIENT
        elif self._off_since is None:
            self._silent_s += frame.duration
        if was_dead != self._dead:
            self.changed.set()

    def trouble(self) -> SoundCause | None:
        """Why no sound can come from it; None if nothing is known to be wrong."""
        if self._off_since is not None:
            if self.certain_in() > 0:
                return None
            return "muted" if self.plugged else "unplugged"
        return "digital_silence" if self._dead else None

    def certain_in(self) -> float:
        """Seconds until a microphone that is off counts as such; 0: nothing to wait for."""
        if self._off_since is None:
            return 0.0
        return max(0.0, round(self._off_since + GRACE_S - self._clock.now(), 3))

    @property
    def _dead(self) -> bool:
        return self._silent_s >= self._dead_s

    def _note(self) -> None:
        self._silent_s = 0.0
        if not all(self._muted.values()):
            self._off_since = None
        elif self._off_since is None:
            self._off_since = self._clock.now()
        self.changed.set()


class SoundSource(Protocol):
    """Something that sound comes through; as `Microphone` says."""

    changed: asyncio.Event

    def trouble(self) -> SoundCause | None: ...

    def certain_in(self) -> float: ...


async def watch(
    sources: Sequence[SoundSource],
    examiner: Examiner,
    *,
    present: Callable[[], bool],
    tell: Callable[[SoundLost | SoundBack], Awaitable[None]],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Until the exam is over: tells of sound that is lost, and when it is back.

    Not while the student is away; and in a pause nobody need be heard.
    """
    examiner.on_commit(lambda _: sources[0].changed.set())
    lost: SoundCause | None = None
    while not examiner.finished:
        for source in sources:
            source.changed.clear()
        state = examiner.state
        cause = next((cause for source in sources if (cause := source.trouble())), None)
        certain_in = [soon for source in sources if (soon := source.certain_in())]
        if present() and cause is None and state["sound_lost"] and not certain_in:
            await tell(SoundBack(cause=lost))
        elif present() and cause and not state["sound_lost"] and not state["paused"]:
            lost = cause
            await tell(SoundLost(cause=cause))
        else:
            limit = [sleep(min(certain_in))] if present() and certain_in else []
            await first_of(*(source.changed.wait() for source in sources), *limit)

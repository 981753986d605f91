"""Flux's turns over clips that are known: what it says when, by the audio clock of the stream.

The confidence that a turn is over grows with the silence after the speech, c(t) = 1 - exp(-t/τ); in
the pause of an unfinished sentence it stays below a bound. Thresholds may change at any time.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.script import Line
from bench.speech.clips import Spoken, Timing
from bench.speech.marker import MARKER_S
from local_providers.thresholds import Thresholds
from local_providers.turn_event import Event, Trigger

TAU_S = 0.216
"""So the default threshold of 0.7 is reached after 260 ms, an eager one of 0.4 after 110 ms."""
ONSET_S = 0.1
"""Speech so long is one."""
UPDATE_S = 0.25
WORD_LAG_S = 0.1
"""A word is known so long after its end."""
_BELOW = 1e-3
"""An unfinished sentence's pause stays under its bound, not at it."""


@dataclass(frozen=True)
class Stretch:
    """Speech without a pause in it; times in seconds of the stream.

    most: the highest confidence after it, 1 at the end of a line; late: seconds by which the
    confidence comes later than usual
    """

    start: float
    end: float
    words: tuple[Spoken, ...]
    student: int
    line: int
    most: float = 1.0
    late: float = 0.0

    @property
    def final(self) -> bool:
        return self.most == 1.0


@dataclass(frozen=True)
class Said:
    """What Flux says: `at` is when it was due, in seconds of the stream."""

    event: Event
    turn_index: int
    at: float
    start: float
    words: tuple[Spoken, ...]
    confidence: float
    stretch: Stretch
    trigger: Trigger | None = None

    @property
    def transcript(self) -> str:
        return " ".join(word.text for word in self.words)


def stretches(student: int, line: Line, timing: Timing, start: float, late: float) -> list[Stretch]:
    """The stretches of a clip whose first sample is at `start`."""
    starts = [0.0, *(end for _, end in timing.pauses)]
    ends = [*(start for start, _ in timing.pauses), timing.seconds]
    found = []
    for begin, end in zip(starts, ends, strict=True):
        words = tuple(
            Spoken(word.text, start + word.start, start + word.end)
            for word in timing.words
            if begin <= word.start + 1e-3 < end
        )
        found.append(Stretch(start + begin, start + end, words, student, line.id))
    found[:-1] = [replace(each, most=line.pause_confidence - _BELOW) for each in found[:-1]]
    found[-1] = replace(found[-1], late=late)
    return found


def silence_for(threshold: float, stretch: Stretch) -> float:
    """Seconds of silence after a stretch until the confidence is as high; infinite: never."""
    if threshold > min(stretch.most, 1 - 1e-9):
        return math.inf
    return max(0.0, stretch.late - TAU_S * math.log(1 - threshold))


class Turns:
    """The turns of one stream. `advance` in steps that are short against all delays."""

    def __init__(self, thresholds: Thresholds) -> None:
        self.thresholds = thresholds
        self._coming: deque[Stretch] = deque()
        self._turn: list[Stretch] = []
        self._index = 0
        self._awaiting = False
        """An EagerEndOfTurn was said."""
        self._update_at = 0.0

    def expect(self, clip: Sequence[Stretch]) -> None:
        """A marker told what begins now; an older clip that was still going on was broken off."""
        broken = clip[0].start - MARKER_S
        self._coming = deque(clip)
        if self._turn and self._turn[-1].end > broken:
            self._turn[-1] = replace(self._turn[-1], end=broken)

    def advance(self, now: float) -> list[Said]:
        """What is said between the last step and `now`, in seconds of the stream."""
        said: list[Said] = []
        while self._coming and self._coming[0].start + ONSET_S <= now:
            said += self._decide(self._coming[0].start)
            said += self._begin(self._coming.popleft())
        until = min(now, self._coming[0].start) if self._coming else now
        return said + self._decide(until)

    def end_now(self, now: float) -> list[Said]:
        """The client wants the turn to end here, if there is one."""
        return [self._end(now, "manual")] if self._turn else []

    def _begin(self, stretch: Stretch) -> list[Said]:
        at = stretch.start + ONSET_S
        opens, resumes = not self._turn, self._awaiting
        self._turn.append(stretch)
        self._awaiting = False
        if opens:
            self._update_at = at + UPDATE_S
            return [self._say("StartOfTurn", at)]
        return [self._say("TurnResumed", at)] if resumes else []

    def _decide(self, now: float) -> list[Said]:
        if not self._turn:
            return []
        said: list[Said] = []
        while self._update_at <= now:
            if not self._awaiting:
                said.append(self._say("Update", self._update_at))
            self._update_at += UPDATE_S
        last, limits = self._turn[-1], self.thresholds
        silence = now - last.end
        if silence < 0:
            return said
        sure, timeout = silence_for(limits.eot, last), limits.timeout_ms / 1000
        if silence >= min(sure, timeout):
            said.append(self._end(last.end + min(sure, timeout), _trigger(sure, timeout)))
        elif limits.eager is not None and not self._awaiting:
            eager = silence_for(limits.eager, last)
            if silence >= eager:
                said.append(self._say("EagerEndOfTurn", last.end + eager))
                self._awaiting = True
        return said

    def _end(self, at: float, trigger: Trigger) -> Said:
        said = self._say("EndOfTurn", at, trigger)
        self._index += 1
        self._turn = []
        self._awaiting = False
        return said

    def _say(self, event: Event, at: float, trigger: Trigger | None = None) -> Said:
        last = self._turn[-1]
        return Said(
            event=event,
            turn_index=self._index,
            at=at,
            start=self._turn[0].start,
            words=self._words(at),
            confidence=_confidence(at - last.end, last),
            stretch=last,
            trigger=trigger,
        )

    def _words(self, at: float) -> tuple[Spoken, ...]:
        """All words known by then: the first at once, as Flux has it, and all after their end."""
        over = at >= self._turn[-1].end
        words = [word for stretch in self._turn for word in stretch.words]
        known = [word for word in words if over or word.end <= at - WORD_LAG_S]
        return tuple(known or words[:1])


def _confidence(silence: float, stretch: Stretch) -> float:
    if silence <= 0:
        return 0.0
    return max(0.0, min(stretch.most, 1 - math.exp((stretch.late - silence) / TAU_S), 0.999))


def _trigger(sure: float, timeout: float) -> Trigger:
    return "model" if sure <= timeout else "timeout"

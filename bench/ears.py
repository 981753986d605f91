"""What a student of the benchmark hears: onsets, silences, and which tone it is."""

from collections.abc import Callable

from bench.trace.tones import WINDOW_S, Kind, kinds
from robot_student.ear import RATE
from robot_student.hearing import Hearing, Samples, Stretch

STEADY = 2
"""Windows that have to agree before a change counts: a loss on the way is no change."""

Write = Callable[..., None]


class Ears:
    """Feeds on received frames; tells `write` of onset, silence and tone, with their times."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self.hearing = Hearing(on_onset=self._onset, on_end=self._end)
        self.first_word: float | None = None
        self._kind: Kind = ""
        self._next: Kind = ""
        self._agreeing = 0
        self._changed_at = 0.0

    @property
    def last_onset(self) -> float | None:
        stretches = self.hearing.stretches
        return stretches[-1].began if stretches else None

    def frame(self, samples: Samples, at: float) -> None:
        """Some received audio and the time of its first sample."""
        for number, kind in enumerate(kinds(samples, RATE)):
            self._follow(kind, at + number * WINDOW_S)

    def _follow(self, kind: Kind, at: float) -> None:
        if kind == self._kind:
            self._agreeing = 0
            return
        if kind != self._next or not self._agreeing:
            self._next, self._agreeing, self._changed_at = kind, 0, at
        self._agreeing += 1
        if self._agreeing >= STEADY:
            self._kind, self._agreeing = kind, 0
            self._write("tone", self._changed_at, kind=kind)

    def _onset(self, at: float) -> None:
        if self.first_word is None:
            self.first_word = at
            self._write("first_word", at)
        self._write("onset", at)

    def _end(self, stretch: Stretch) -> None:
        assert stretch.ended is not None
        self._write("silence", stretch.ended, began=round(stretch.began, 6))

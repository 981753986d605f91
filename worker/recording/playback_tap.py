"""The examiner's side of the recording: what was really played, when it was.

The output tells of each run that it played, but only at its end: until then a run is taken to go
on. What it then says of pauses and interruptions comes soon enough to be written right.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from livekit import rtc
from livekit.agents.voice import io

from worker.recording.resampling import Resampling
from worker.recording.student import RATE, Samples

#: An output that is made to pause drops so much of what it has, in seconds.
DROPPED_S = 0.2
#: The wall clock, by which outputs tell times, was set anew if it differs by more, in seconds.
JUMP_S = 0.5


@dataclass
class _Run:
    """`start` by the recorder's clock, `offset` in what was given to be played, in seconds;
    `length` None: it goes on."""

    start: float
    offset: float
    length: float | None = None

    def until(self, given: float) -> float:
        """Where it ends in what was given."""
        return given if self.length is None else self.offset + self.length


@dataclass(eq=False)
class _Said:
    """One segment of the output's."""

    pcm: list[Samples] = field(default_factory=list)
    runs: list[_Run] = field(default_factory=list)
    told: bool = False
    finished: bool = False

    @property
    def open_run(self) -> _Run | None:
        return self.runs[-1] if self.runs and self.runs[-1].length is None else None

    @property
    def played_to(self) -> float:
        return self.runs[-1].until(0.0) if self.runs else 0.0


class PlaybackTap(io.AudioOutput):
    """Sits between the session and the room's audio track. Frames pass through untouched."""

    def __init__(
        self, sink: io.AudioOutput, now: Callable[[], float], keep: Callable[[], bool]
    ) -> None:
        """`now`: the recorder's clock, in seconds; `keep`: whether anything is recorded."""
        super().__init__(
            label="PlaybackTap",
            capabilities=io.AudioOutputCapabilities(pause=True),
            next_in_chain=sink,
            sample_rate=sink.sample_rate,
        )
        self._now = now
        self._keep = keep
        self._resampling = Resampling()
        self._said: list[_Said] = []
        self._current: _Said | None = None
        self._last = _Said()
        self._paused = False

    def place(self, offset: float) -> float:
        """When this part of what has just finished was played, by the recorder's clock."""
        runs = self._last.runs
        for run in runs:
            if offset <= run.until(offset):
                return run.start + max(0.0, offset - run.offset)
        return runs[-1].start + (runs[-1].length or 0.0) if runs else self._now()

    def take(self, start: float, end: float) -> Samples:
        """What was played from then to then; nothing before it is asked for again."""
        block = np.zeros(max(0, round((end - start) * RATE)), np.int16)
        for said in self._said:
            if said.runs:
                if len(said.pcm) > 1:
                    said.pcm = [np.concatenate(said.pcm)]
                for run, pcm in product(said.runs, said.pcm):
                    _copy(pcm, run, block, start)
        self._said = [said for said in self._said if not _is_over(said, end)]
        return block

    # -- what the output is told, and tells --

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        if self._current is None:
            self._current = _Said()
            self._said.append(self._current)
        await super().capture_frame(frame)
        if self._keep():
            self._add(self._resampling.push(frame))
        assert self.next_in_chain is not None
        await self.next_in_chain.capture_frame(frame)

    def flush(self) -> None:
        super().flush()
        if self._current is not None:
            self._add(self._resampling.flush())
            self._current = None
        assert self.next_in_chain is not None
        self.next_in_chain.flush()

    def clear_buffer(self) -> None:
        assert self.next_in_chain is not None
        self.next_in_chain.clear_buffer()

    def pause(self) -> None:
        self._paused = True
        super().pause()

    def resume(self) -> None:
        self._paused = False
        said = self._playing
        if said is not None and said.told and said.open_run is None:
            said.runs.append(_Run(self._now(), said.played_to + DROPPED_S))
        super().resume()

    def on_playback_started(self, *, created_at: float) -> None:
        if (said := self._playing) is not None and said.open_run is None:
            said.runs.append(_Run(self._at(created_at), said.played_to))
        super().on_playback_started(created_at=created_at)

    def on_playback_progressed(self, *, started_at: float, offset: float, duration: float) -> None:
        if (said := self._playing) is not None:
            start = self._at(started_at)
            if (run := said.open_run) is not None:
                said.runs.pop()
                if abs(start - run.start) > JUMP_S:
                    start = run.start
            said.runs.append(_Run(start, offset, duration))
            said.told = True
            if not self._paused:
                said.runs.append(_Run(self._now(), offset + duration))
        super().on_playback_progressed(started_at=started_at, offset=offset, duration=duration)

    def on_playback_finished(
        self,
        *,
        playback_position: float,
        interrupted: bool,
        synchronized_transcript: str | None = None,
    ) -> None:
        if (said := self._playing) is not None:
            if (run := said.open_run) is not None:
                if said.told:
                    said.runs.pop()
                else:
                    run.length = max(0.0, playback_position - run.offset)
            elif not said.runs:
                # It did not tell when it began.
                said.runs.append(_Run(self._now() - playback_position, 0.0, playback_position))
            said.finished = True
            self._last = said
            if not self._keep():
                self._said.remove(said)
        super().on_playback_finished(
            playback_position=playback_position,
            interrupted=interrupted,
            synchronized_transcript=synchronized_transcript,
        )

    # -- inside --

    @property
    def _playing(self) -> _Said | None:
        return next((said for said in self._said if not said.finished), None)

    def _add(self, samples: Samples) -> None:
        if self._current is not None and len(samples):
            self._current.pcm.append(samples)

    def _at(self, wall: float) -> float:
        """The recorder's time of something that is or was just now."""
        return self._now() - max(0.0, time.time() - wall)


def _copy(pcm: Samples, run: _Run, block: Samples, start: float) -> None:
    """The part of a run that falls into the block, which begins at `start`."""
    ends = min(len(pcm), round(run.until(len(pcm) / RATE) * RATE))
    # By how much a position in the block is ahead of one in the sound.
    shift = round((run.start - start - run.offset) * RATE)
    first = max(round(run.offset * RATE), -shift)
    last = min(ends, len(block) - shift)
    if first < last:
        block[first + shift : last + shift] = pcm[first:last]


def _is_over(said: _Said, end: float) -> bool:
    return said.finished and all(run.start + (run.length or 0.0) <= end for run in said.runs)

"""How much of each utterance the student really heard, told from the audio that was played."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from livekit import rtc
from livekit.agents.voice import io

from worker.turn import Heard, Mark, Place

#: The key in a frame's userdata that tells whose frame it is.
UTTERANCE = "voxam.utterance"
#: The end of synthesised speech is silence: this much of it may be missing, in seconds, and of a
#: short utterance no more than half.
TOLERANCE_S = 0.3


@dataclass
class _Stretch:
    """The audio of one utterance within what is being played, in seconds."""

    mark: Mark
    captured: float = 0.0


@dataclass(eq=False)
class _Segment:
    stretches: list[_Stretch] = field(default_factory=list)
    started_at: datetime | None = None


class PlaybackMonitor(io.AudioOutput):
    """Sits between the session and the room's audio track and reports what came out.

    Frames pass through untouched. Segments end by `flush`; the sink reports for each how far it
    was played (`playback_position`), which is divided among the utterances it was made of.
    """

    def __init__(
        self,
        sink: io.AudioOutput,
        on_heard: Callable[[Heard], None],
        place: Callable[[float], Place | None] = lambda offset: None,
    ) -> None:
        """`place`: where in the recording this part of what has just finished is, in seconds."""
        super().__init__(
            label="PlaybackMonitor",
            capabilities=io.AudioOutputCapabilities(pause=True),
            next_in_chain=sink,
            sample_rate=sink.sample_rate,
        )
        self._on_heard = on_heard
        self._place = place
        self._synthesised: dict[Mark, float] = {}
        self._segment = _Segment()
        self._playing: list[_Segment] = []

    def synthesised(self, mark: Mark, seconds: float) -> None:
        """This utterance is so long in all; what of it was not captured was not played."""
        self._synthesised[mark] = seconds

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        mark = frame.userdata.get(UTTERANCE)
        if not self._segment.stretches and self._segment not in self._playing:
            self._playing.append(self._segment)
        if mark is not None:
            stretches = self._segment.stretches
            if not stretches or stretches[-1].mark != mark:
                stretches.append(_Stretch(mark))
            stretches[-1].captured += frame.duration
        await super().capture_frame(frame)
        assert self.next_in_chain is not None
        await self.next_in_chain.capture_frame(frame)

    def flush(self) -> None:
        super().flush()
        self._segment = _Segment()
        assert self.next_in_chain is not None
        self.next_in_chain.flush()

    def clear_buffer(self) -> None:
        assert self.next_in_chain is not None
        self.next_in_chain.clear_buffer()

    def on_playback_started(self, *, created_at: float) -> None:
        if self._playing:
            self._playing[0].started_at = datetime.fromtimestamp(created_at, UTC)
        super().on_playback_started(created_at=created_at)

    def on_playback_finished(
        self,
        *,
        playback_position: float,
        interrupted: bool,
        synchronized_transcript: str | None = None,
    ) -> None:
        if self._playing:
            self._report(self._playing.pop(0), playback_position)
        super().on_playback_finished(
            playback_position=playback_position,
            interrupted=interrupted,
            synchronized_transcript=synchronized_transcript,
        )

    def _report(self, segment: _Segment, played: float) -> None:
        began = segment.started_at or datetime.now(UTC)
        offset = 0.0
        for stretch in segment.stretches:
            heard = min(max(0.0, played - offset), stretch.captured)
            length = self._synthesised.pop(stretch.mark, None)
            self._on_heard(
                Heard(
                    mark=stretch.mark,
                    started_at=began + timedelta(seconds=min(offset, played)),
                    heard_ms=round(heard * 1000),
                    whole=length is not None and heard >= length - min(TOLERANCE_S, length / 2),
                    total_ms=round((length or 0.0) * 1000),
                    place=self._place(min(offset, played)),
                )
            )
            offset += stretch.captured

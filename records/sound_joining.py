"""Joins Ogg/Opus streams into one file, packet by packet: nothing is decoded or encoded again."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import av

#: Opus counts in these, whatever it was made from; a page of the whole is so long, in µs.
RATE = 48_000
_PAGE_US = "1000000"


@dataclass(frozen=True)
class Joined:
    """`durations_ms` and `offsets_ms`: of each stream, 0 ms long where it had no sound."""

    data: bytes
    offsets_ms: list[int]
    durations_ms: list[int]

    @property
    def duration_ms(self) -> int:
        return self.offsets_ms[-1] + self.durations_ms[-1] if self.offsets_ms else 0


def join_streams(streams: Sequence[bytes]) -> Joined:
    """One after the other. A stream that breaks off is taken as far as it goes; the same streams
    give the same bytes."""
    out = io.BytesIO()
    whole: Any = None
    track: Any = None
    offsets, durations, at = [], [], 0
    for stream in streams:
        began = at
        for source, packet, samples in _packets(stream):
            if whole is None:
                options = {"page_duration": _PAGE_US, "fflags": "+bitexact"}
                whole = av.open(out, "w", format="ogg", options=options)
                track = whole.add_stream_from_template(source)
            packet.stream = track
            packet.pts = packet.dts = at
            packet.time_base = source.time_base
            whole.mux(packet)
            at += samples
        offsets.append(_ms(began))
        durations.append(_ms(at) - _ms(began))
    if whole is not None:
        whole.close()
    return Joined(out.getvalue(), offsets, durations)


def duration_ms(stream: bytes) -> int:
    """How long it is, as far as it goes."""
    return _ms(sum(samples for _, _, samples in _packets(stream)))


def _packets(stream: bytes) -> Iterator[tuple[Any, Any, int]]:
    """Its track, each packet, and how many samples that holds."""
    if not stream:
        return
    try:
        with av.open(io.BytesIO(stream), "r", format="ogg") as container:
            source = container.streams.audio[0]
            for packet in container.demux(source):
                if packet.size and packet.duration:
                    yield source, packet, packet.duration
    except (av.FFmpegError, IndexError):
        # What broke off before its first page, or in one, holds no more.
        return


def _ms(samples: int) -> int:
    return round(samples * 1000 / RATE)

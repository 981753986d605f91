"""Two voices as one Ogg/Opus stream: the student left, the examiner right."""

import hashlib
import io
from typing import Any

import av
import numpy as np

from worker.recording.student import RATE, Samples

#: For both together, in bit/s.
BITRATE = 48_000
#: How much the encoder tries, 0 to 10: this costs 0.3 CPU-s a minute, the most four times as much.
EFFORT = "1"
#: A page of the stream is so long, in µs: what was encoded waits for no more than two.
PAGE_US = "100000"


class Encoder:
    """`bytes` come as they are ready. Not for two threads at once."""

    def __init__(self) -> None:
        self._out = _Out()
        self._container: Any = av.open(
            self._out,
            "w",
            format="ogg",
            options={"page_duration": PAGE_US, "flush_packets": "1", "fflags": "+bitexact"},
            buffer_size=4096,
        )
        self._stream: Any = self._container.add_stream("libopus", rate=RATE, layout="stereo")
        self._stream.bit_rate = BITRATE
        self._stream.codec_context.options = {
            "application": "voip",
            "compression_level": EFFORT,
            "frame_duration": "20",
        }
        self._samples = 0
        self._sha256 = hashlib.sha256()
        self.size = 0

    @property
    def duration_ms(self) -> int:
        """Of what it was given."""
        return round(self._samples * 1000 / RATE)

    @property
    def sha256(self) -> str:
        """Of all that came out."""
        return self._sha256.hexdigest()

    def encode(self, student: Samples, examiner: Samples) -> bytes:
        """As long as each other."""
        both = np.stack([student, examiner], axis=1).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(both), "s16", "stereo")
        frame.sample_rate = RATE
        frame.pts = self._samples
        self._samples += len(student)
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        return self._taken()

    def close(self) -> bytes:
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        return self._taken()

    def _taken(self) -> bytes:
        data = bytes(self._out.data)
        self._out.data.clear()
        self._sha256.update(data)
        self.size += len(data)
        return data


class _Out(io.RawIOBase):
    def __init__(self) -> None:
        self.data = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.data += data
        return len(data)

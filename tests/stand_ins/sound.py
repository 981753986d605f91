"""Ogg/Opus streams, for tests that want sound and not an exam."""

import io

import av
import numpy as np


def sound(seconds: float, hertz: float = 440.0) -> bytes:
    """As a recorder writes it."""
    out = io.BytesIO()
    with av.open(out, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=16_000, layout="stereo")
        tone = np.sin(np.arange(round(32_000 * seconds)) * hertz / 5000) * 8000
        frame = av.AudioFrame.from_ndarray(tone.astype(np.int16).reshape(1, -1), "s16", "stereo")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()

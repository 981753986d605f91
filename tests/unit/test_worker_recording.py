"""Both voices on one clock: what was heard and played, when it was, and what a crash leaves."""

import io as files_io
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from livekit import rtc
from livekit.agents.voice import io

from records.errors import RecordingUnavailable
from records.sound_files import SoundFiles
from records.sound_joining import duration_ms, join_streams
from worker.recording import writer as writing
from worker.recording.encoder import Encoder
from worker.recording.playback_tap import PlaybackTap
from worker.recording.student import RATE, Samples, StudentTrack
from worker.recording.writer import Writer

pytestmark = pytest.mark.unit


def tone(seconds: float, hertz: float = 440.0, loud: int = 8000) -> Samples:
    at = np.arange(round(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * hertz * at) * loud).astype(np.int16)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)


def loudness(samples: Any) -> float:
    return float(np.sqrt(np.mean(np.square(samples.astype(np.float64)))))


def decoded(stream: bytes) -> Any:
    """Both channels, at 48 kHz, from -1 to 1."""
    with av.open(files_io.BytesIO(stream), "r") as container:
        return np.concatenate([each.to_ndarray() for each in container.decode(audio=0)], axis=1)


# -- the student's side --


def test_what_the_student_says_is_where_it_came() -> None:
    track = StudentTrack()
    track.add(tone(0.5), 3 * RATE)
    block = track.take(4 * RATE)
    assert loudness(block[: round(2.5 * RATE)]) == 0
    assert loudness(block[round(2.5 * RATE) : 3 * RATE]) > 1000
    assert loudness(block[3 * RATE :]) == 0


def test_frames_that_come_unevenly_are_one_stretch() -> None:
    track = StudentTrack()
    said = tone(2.0)
    for number, piece in enumerate(np.array_split(said, 20)):
        late = 0.2 if number in (5, 11, 12) else 0.0
        track.add(piece, round(((number + 1) * 0.1 + late) * RATE))
    assert np.array_equal(track.take(2 * RATE), said)


def test_a_burst_is_kept_and_the_silence_after_it_gives_the_time_back() -> None:
    track = StudentTrack()
    track.take(RATE)
    for _ in range(10):
        track.add(tone(0.1), RATE)
    for number in range(30):
        track.add(silence(0.1), RATE + round((number + 1) * 0.1 * RATE))
    track.add(tone(0.1), 5 * RATE)
    block = track.take(6 * RATE)
    assert loudness(block[:RATE]) > 1000
    heard = np.flatnonzero(np.abs(block[2 * RATE :]) > 1000) + 2 * RATE
    assert heard[0] / RATE + 1 == pytest.approx(4.9, abs=0.15)


def test_what_comes_too_late_does_not_shift_what_was_taken() -> None:
    track = StudentTrack()
    assert len(track.take(RATE)) == RATE
    assert len(track.take(RATE // 2)) == 0
    track.add(tone(0.1), RATE)
    assert len(track.take(2 * RATE)) == RATE


# -- the examiner's side --


class Mute(io.AudioOutput):
    """Takes all, and tells nothing."""

    def __init__(self) -> None:
        capabilities = io.AudioOutputCapabilities(pause=True)
        super().__init__(label="Mute", capabilities=capabilities, sample_rate=RATE)

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)

    def flush(self) -> None:
        super().flush()

    def clear_buffer(self) -> None:
        """There is none."""


class Played:
    """A tap before an output that does only what it is told, and a clock moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.tap = PlaybackTap(Mute(), lambda: self.now, lambda: True)

    async def give(self, samples: Samples) -> None:
        for piece in np.array_split(samples, max(1, len(samples) // 1600)):
            await self.tap.capture_frame(rtc.AudioFrame(piece.tobytes(), RATE, 1, len(piece)))

    def started(self) -> None:
        self.tap.on_playback_started(created_at=time.time())

    def ran(self, offset: float, duration: float, ago: float = 0.0) -> None:
        """It tells that it played so much, up to now or to some time ago."""
        self.tap.on_playback_progressed(
            started_at=time.time() - ago - duration, offset=offset, duration=duration
        )

    def finished(self, played: float, *, interrupted: bool = False) -> None:
        self.tap.on_playback_finished(playback_position=played, interrupted=interrupted)

    def between(self, start: float, end: float) -> Samples:
        return self.tap.take(100 + start, 100 + end)


async def test_what_is_being_played_is_there_before_its_end_is_told() -> None:
    played = Played()
    await played.give(tone(10))
    played.now += 1
    played.started()
    assert loudness(played.between(0, 1)) == 0
    assert loudness(played.between(1, 3)) > 1000
    assert loudness(played.between(3, 5)) > 1000


async def test_an_interruption_cuts_what_was_not_played() -> None:
    played = Played()
    await played.give(tone(10))
    played.started()
    played.tap.flush()
    played.now += 2
    played.ran(0.0, 2.0)
    played.finished(2.0, interrupted=True)
    block = played.between(0, 4)
    assert loudness(block[: round(1.9 * RATE)]) > 1000
    assert loudness(block[round(2.1 * RATE) :]) == 0
    assert played.tap.place(1.5) == pytest.approx(101.5, abs=0.05)
    assert played.tap.place(9.0) == pytest.approx(102.0, abs=0.05), "it was not heard"


async def test_a_pause_is_silent_and_what_follows_comes_after_it() -> None:
    played = Played()
    await played.give(np.concatenate([tone(2, 440), tone(2, 880)]))
    played.started()
    played.tap.flush()
    played.now += 2
    played.tap.pause()
    played.ran(0.0, 2.0)
    played.now += 3
    played.tap.resume()
    played.now += 1.8
    played.ran(2.2, 1.8)
    played.finished(3.8)
    block = played.between(0, 8)
    assert loudness(block[: round(1.9 * RATE)]) > 1000
    assert loudness(block[round(2.1 * RATE) : round(4.9 * RATE)]) == 0
    assert loudness(block[round(5.1 * RATE) : round(6.7 * RATE)]) > 1000
    assert loudness(block[round(6.9 * RATE) :]) == 0
    assert played.tap.place(3.0) == pytest.approx(105.8, abs=0.05)


async def test_a_wall_clock_that_jumps_moves_nothing() -> None:
    played = Played()
    await played.give(tone(2))
    played.started()
    played.tap.flush()
    played.now += 2
    # An hour ago, says a clock that was set meanwhile.
    played.ran(0.0, 2.0, ago=3600.0)
    played.finished(2.0)
    assert loudness(played.between(0, 2)) > 1000


async def test_an_output_that_tells_only_its_end_is_recorded_too() -> None:
    played = Played()
    await played.give(tone(1))
    played.started()
    played.tap.flush()
    played.now += 1
    played.finished(1.0)
    assert loudness(played.between(0, 1)) > 1000
    assert loudness(played.between(1, 2)) == 0


async def test_nothing_is_kept_of_what_is_over() -> None:
    played = Played()
    for _ in range(20):
        await played.give(tone(1))
        played.started()
        played.tap.flush()
        played.now += 1
        played.ran(0.0, 1.0)
        played.finished(1.0)
        played.tap.take(played.now - 1, played.now)
    assert len(played.tap._said) <= 1


# -- the stream --


def test_the_student_is_left_and_the_examiner_right() -> None:
    encoder = Encoder()
    stream = b"".join(
        [encoder.encode(tone(2), silence(2)), encoder.encode(silence(2), tone(2)), encoder.close()]
    )
    assert encoder.size == len(stream)
    left, right = decoded(stream)
    second = 48_000
    assert loudness(left[:second]) > 0.1 > 100 * loudness(right[:second])
    assert loudness(right[3 * second :]) > 0.1 > 100 * loudness(left[3 * second :])
    assert encoder.duration_ms == 4000
    assert duration_ms(stream) == pytest.approx(4000, abs=40)


def test_segments_are_joined_packet_by_packet() -> None:
    streams = []
    for hertz, seconds in ((440, 2.0), (880, 1.0)):
        encoder = Encoder()
        streams.append(encoder.encode(tone(seconds, hertz), silence(seconds)) + encoder.close())
    joined = join_streams([streams[0], b"", streams[1]])
    assert joined.offsets_ms[0] == 0
    assert joined.offsets_ms[1] == joined.offsets_ms[2] == pytest.approx(2000, abs=40)
    assert joined.durations_ms[1] == 0
    assert joined.duration_ms == pytest.approx(3000, abs=80)
    left, _ = decoded(joined.data)
    assert left.shape[0] / 48 == pytest.approx(3000, abs=80)
    assert join_streams([streams[0], b"", streams[1]]).data == joined.data, "the same again"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.77, 0.999])
def test_a_stream_that_breaks_off_is_joined_as_far_as_it_goes(share: float) -> None:
    encoder = Encoder()
    stream = encoder.encode(tone(4), tone(4)) + encoder.close()
    joined = join_streams([stream[: round(len(stream) * share)]])
    assert joined.duration_ms == pytest.approx(4000 * share, abs=400)


# -- the writer --


def test_a_store_that_is_away_for_some_time_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "FIRST_WAIT_S", 0.01)
    files = Flaky(f"file:{tmp_path}", failures=3)
    writer = Writer(files, "sitting/1")
    for _ in range(12):
        writer.add(tone(0.25), silence(0.25))
    assert writer.close(20)
    stream = b"".join(files.pieces("sitting/1"))
    assert len(files.pieces("sitting/1")) == 4
    assert duration_ms(stream) == pytest.approx(3000, abs=40)
    assert (len(stream), writer.duration_ms) == (writer.size, 3000)


def test_a_store_that_stays_away_fails_the_recording_and_blocks_nothing(tmp_path: Path) -> None:
    files = Flaky(f"file:{tmp_path}", failures=10**6)
    writer = Writer(files, "sitting/1")
    writer.add(tone(1.5), silence(1.5))
    assert not writer.close(0.3)
    assert writer.failure == "store"
    writer.add(tone(1), tone(1))


def test_a_store_that_hangs_fails_the_recording(tmp_path: Path) -> None:
    never = threading.Event()
    files = Flaky(f"file:{tmp_path}", failures=0, before=lambda: never.wait(30))
    writer = Writer(files, "sitting/1")
    writer.add(tone(1.5), silence(1.5))
    assert not writer.close(0.3)
    assert writer.failure == "store"
    never.set()


class Flaky(SoundFiles):
    """Refuses the first writes."""

    def __init__(
        self, url: str, failures: int, before: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(url)
        self._left = failures
        self._before = before

    def write(self, path: str, data: bytes) -> None:
        self._before()
        if self._left > 0:
            self._left -= 1
            raise RecordingUnavailable("The recordings cannot be reached (a test).")
        super().write(path, data)


RECORDS = """
import sys, time
import numpy as np
from records.sound_files import SoundFiles
from worker.recording.recorder import EVERY_S, LATER_S
from worker.recording.student import RATE
from worker.recording.writer import Writer

writer = Writer(SoundFiles(sys.argv[1]), "sitting/1")
began, written = time.monotonic(), 0
tone = (np.sin(np.arange(RATE * 60) * 0.17) * 8000).astype(np.int16)
print("begun", flush=True)
while True:
    time.sleep(EVERY_S)
    until = round((time.monotonic() - began - LATER_S) * RATE)
    if until > written:
        writer.add(tone[written:until], tone[written:until])
        written = until
"""


def test_killed_it_has_lost_two_seconds_at_most(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RECORDS, f"file:{tmp_path}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        began = time.monotonic()
        # There is nothing to wait for: the sound has to be so long.
        time.sleep(3.4)
        process.send_signal(signal.SIGKILL)
        lasted = time.monotonic() - began
    joined = join_streams([b"".join(SoundFiles(f"file:{tmp_path}").pieces("sitting/1"))])
    lost = lasted - joined.duration_ms / 1000
    assert lost <= 2.0, f"{lost:.2f} s are lost"
    assert loudness(decoded(joined.data)[0]) > 0.1

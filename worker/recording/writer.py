"""Encodes a recording and brings it to its store, in threads of its own.

The exam waits for neither. A store that is away for some time finds all that came meanwhile; what
comes after too long is lost, and the recording has failed.
"""

import logging
import queue
import threading
import time

from records.errors import RecordingUnavailable
from records.sound_files import SoundFiles, piece_name
from worker.recording.encoder import Encoder
from worker.recording.student import RATE, Samples

logger = logging.getLogger(__name__)

#: A piece holds about so much, in samples.
PIECE = RATE
#: So many blocks may wait to be encoded, and so many pieces to be stored: a quarter of an hour.
BLOCKS = 400
PIECES = 900
#: Between two tries to store a piece, in seconds: at first, and at most.
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 10.0

_Block = tuple[Samples, Samples]


class Writer:
    """Of one segment, whose pieces go to `folder`. `add` never blocks and never raises."""

    def __init__(self, files: SoundFiles, folder: str) -> None:
        self._files = files
        self._folder = folder
        self._blocks: queue.Queue[_Block | None] = queue.Queue(BLOCKS)
        self._pieces: queue.Queue[bytes | None] = queue.Queue(PIECES)
        self._given_up = threading.Event()
        self._stored = threading.Event()
        #: Why the recording goes on no more.
        self.failure: str | None = None
        self.duration_ms = 0
        self.size = 0
        self.sha256 = ""
        for work in (self._encode, self._store):
            # A store that hangs must not keep the process from ending.
            threading.Thread(target=work, name=f"recording{work.__name__}", daemon=True).start()

    def add(self, student: Samples, examiner: Samples) -> None:
        if self.failure is None:
            try:
                self._blocks.put_nowait((student, examiner))
            except queue.Full:
                self._fail("slow")

    def close(self, timeout_s: float) -> bool:
        """True when all is stored. Blocks for so long at most."""
        until = time.monotonic() + timeout_s
        try:
            self._blocks.put(None, timeout=timeout_s)
        except queue.Full:
            self._fail("slow")
        done = self._stored.wait(max(0.0, until - time.monotonic()))
        self._given_up.set()
        if not done and self.failure is None:
            self._fail("store")
        return self.failure is None

    def _fail(self, why: str) -> None:
        self.failure = self.failure or why
        self._given_up.set()

    def _encode(self) -> None:
        try:
            encoder = Encoder()
            pending, since = bytearray(), 0
            while (block := self._blocks.get()) is not None and self.failure is None:
                pending += encoder.encode(*block)
                since += len(block[0])
                if since >= PIECE and pending:
                    self._pieces.put_nowait(bytes(pending))
                    pending, since = bytearray(), 0
            pending += encoder.close()
            self.duration_ms = encoder.duration_ms
            self.size, self.sha256 = encoder.size, encoder.sha256
            if pending:
                self._pieces.put_nowait(bytes(pending))
            self._pieces.put_nowait(None)
        except queue.Full:
            self._fail("store")
        except Exception:  # whatever it is: the exam goes on
            logger.exception("the recording stops")
            self._fail("encoder")

    def _store(self) -> None:
        number = 0
        while (piece := self._pieces.get()) is not None:
            if not self._put(f"{self._folder}/{piece_name(number)}", piece):
                return
            number += 1
        self._stored.set()

    def _put(self, path: str, piece: bytes) -> bool:
        wait = FIRST_WAIT_S
        while not self._given_up.is_set():
            try:
                self._files.write(path, piece)
                return True
            except RecordingUnavailable as error:
                logger.warning("a piece of the recording is not stored yet: %s", error)
            except Exception:
                logger.exception("the recording stops")
                break
            self._given_up.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT_S)
        self._fail("store")
        return False

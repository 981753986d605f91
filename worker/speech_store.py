"""Synthesised speech on disk, by a hash of all that makes it sound as it does.

Shared by all exams and job processes of a machine. Bounded: what was not used for longest goes
first. Whatever is wrong with the folder or a file, there is only no speech in it.
"""

import contextlib
import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

logger = logging.getLogger(__name__)

#: Another format of the files, or of the sound in them, makes all older ones unknown.
FORMAT = 1
#: Who has claimed a text and not stored it after so many seconds has given it up.
CLAIM_S = 60.0
_DIGEST = 16
_FULL = 0.9


class SpeechStore:
    """PCM, 16 bits, mono, at the rate that the voice's `traits` name."""

    def __init__(self, folder: Path, limit_mb: int, traits: Mapping[str, object]) -> None:
        """`traits`: whatever the sound depends on besides the text (provider, voice, speed …)."""
        self._folder = folder
        self._limit = limit_mb * 2**20
        self._traits = dict(traits)
        self._written = self._limit  # the first write looks how much there is
        self._told = False

    def path(self, text: str) -> Path:
        """Where the speech of these words is kept, if it is."""
        whole = json.dumps([FORMAT, self._traits, text], sort_keys=True, ensure_ascii=False)
        name = hashlib.sha256(whole.encode()).hexdigest()
        return self._folder / name[:2] / f"{name}.pcm"

    def read(self, text: str) -> bytes | None:
        """The speech, None if it is not there or damaged."""
        path = self.path(text)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        pcm = data[_DIGEST:]
        if not pcm or len(pcm) % 2 or data[:_DIGEST] != _digest(pcm):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return pcm

    def has(self, text: str) -> bool:
        """Whether there is something under these words; `read` tells whether it is whole."""
        return self.path(text).exists()

    def write(self, text: str, pcm: bytes) -> None:
        """Keeps it whole or not at all. Never raises: an exam goes on without it."""
        path = self.path(text)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".new", delete=False) as file:
                try:
                    file.write(_digest(pcm) + pcm)
                    file.close()
                    Path(file.name).replace(path)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
            self._make_room(len(pcm))
        except OSError as error:
            self._complain(error)

    @contextlib.contextmanager
    def claimed(self, text: str) -> Iterator[bool]:
        """Whether these words are this process's to synthesise ahead; another's, while it is at it.

        Without a usable folder everybody may.
        """
        claim = self.path(text).with_suffix(".claim")
        try:
            claim.parent.mkdir(parents=True, exist_ok=True)
            _drop_if_stale(claim)
            os.close(os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            yield False
            return
        except OSError as error:
            self._complain(error)
            yield True
            return
        try:
            yield True
        finally:
            claim.unlink(missing_ok=True)

    def _make_room(self, added: int) -> None:
        """Looks at the whole folder only after a twentieth of the limit was written."""
        self._written += added
        if self._written < self._limit / 20:
            return
        self._written = 0
        files = []
        for path in self._folder.glob("*/*.pcm"):
            with contextlib.suppress(OSError):  # another process may be making room too
                found = path.stat()
                files.append((found.st_mtime, found.st_size, path))
        total = sum(size for _, size, _ in files)
        if total <= self._limit:
            return
        for _, size, path in sorted(files):
            path.unlink(missing_ok=True)
            total -= size
            if total <= self._limit * _FULL:
                return

    def _complain(self, error: OSError) -> None:
        if not self._told:
            self._told = True
            logger.warning("speech cannot be kept in %s: %s", self._folder, error.strerror)


def _digest(pcm: bytes) -> bytes:
    return hashlib.blake2b(pcm, digest_size=_DIGEST).digest()


def _drop_if_stale(claim: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if time.time() - claim.stat().st_mtime > CLAIM_S:
            claim.unlink(missing_ok=True)

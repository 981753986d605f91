"""Where the sound of sittings lies: a folder or any store that fsspec speaks to.

Below RECORDINGS_URL each sitting has a folder; in it each segment has one, of pieces that are
consecutive stretches of one Ogg stream, and the whole a file named by its content. No store need
append to a file, and no file is ever changed.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import fsspec
from fsspec.implementations.local import LocalFileSystem
from pydantic_settings import BaseSettings, SettingsConfigDict

from records.errors import RecordingUnavailable

DEFAULT = "file:var/recordings"


class SoundSettings(BaseSettings):
    """RECORDINGS_URL; set to nothing, nothing is recorded."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    recordings_url: str = DEFAULT


class SoundFiles:
    """All methods block. They raise RecordingUnavailable when the store fails."""

    def __init__(self, url: str) -> None:
        self._url = url
        with self._told():
            fs, root = fsspec.url_to_fs(url)
        self._fs: Any = fs
        self._root = str(root).rstrip("/")

    @classmethod
    def of(cls, url: str) -> Self | None:
        """None where nothing is recorded."""
        return cls(url) if url.strip() else None

    def write(self, path: str, data: bytes) -> None:
        with self._told():
            whole = self._at(path)
            if isinstance(self._fs, LocalFileSystem):
                Path(whole).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._fs.pipe_file(whole, data)

    def read(self, path: str) -> bytes | None:
        """None if there is no such file."""
        with self._told():
            try:
                return bytes(self._fs.cat_file(self._at(path)))
            except FileNotFoundError:
                return None

    def open(self, path: str) -> Any:
        """A file to read and to seek in, for whoever plays it. FileNotFoundError without it."""
        with self._told():
            return self._fs.open(self._at(path), "rb")

    def size(self, path: str) -> int | None:
        with self._told():
            try:
                return int(self._fs.size(self._at(path)))
            except FileNotFoundError:
                return None

    def pieces(self, segment: str) -> list[bytes]:
        """Of a segment's folder, in order, up to the first that is missing."""
        with self._told():
            self._fs.invalidate_cache()
            try:
                names = sorted(self._fs.ls(self._at(segment), detail=False))
            except FileNotFoundError:
                return []
        found = []
        for number, name in enumerate(names):
            if not str(name).endswith(f"/{piece_name(number)}"):
                break
            data = self.read(f"{segment}/{piece_name(number)}")
            if data is None:
                break
            found.append(data)
        return found

    def remove(self, path: str) -> None:
        """A file or a folder with all that is in it; nothing if it is gone already."""
        with self._told(), suppress(FileNotFoundError):
            self._fs.invalidate_cache()
            if self._fs.exists(self._at(path)):
                self._fs.rm(self._at(path), recursive=True)

    def _at(self, path: str) -> str:
        if ".." in path.split("/") or path.startswith("/"):
            raise RecordingUnavailable("The record names a file outside of RECORDINGS_URL.")
        return f"{self._root}/{path}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, RecordingUnavailable):
            raise
        except ImportError as error:
            raise RecordingUnavailable(f"RECORDINGS_URL wants a library: {error}") from error
        except Exception as error:  # each store has errors of its own
            raise RecordingUnavailable(
                f"The recordings cannot be reached ({type(error).__name__})."
            ) from error


def segment_path(sitting_id: str, number: int) -> str:
    """The folder of a segment's pieces."""
    return f"{sitting_id}/{number}"


def piece_name(number: int) -> str:
    return f"{number:06d}.ogg"

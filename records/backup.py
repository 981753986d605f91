"""The whole database as one file, taken while exams go on, and put back from it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from sqlalchemy.engine import URL

from records import backup_postgres, backup_sqlite
from records.engine import parse
from records.errors import BackupFailed, RecordsDamaged

Tell = Callable[[str], None]

_MAGIC = {b"SQLite format 3\0": "sqlite", b"PGDMP": "postgresql"}
_NAMES = {"sqlite": "SQLite", "postgresql": "Postgres"}


class _Store(Protocol):
    """What each kind of database can do; a module of its own."""

    def dump(self, url: URL, file: Path, tell: Tell) -> None:
        """Write one state of the database into the file."""

    def count_in(self, file: Path) -> int:
        """The sittings in a backup. Raises BackupFailed unless it is whole."""

    def held(self, url: URL) -> int:
        """The sittings in the database, 0 if it is not there. Raises RecordsDamaged."""

    def load(self, url: URL, file: Path, tell: Tell) -> None:
        """Put the backup in the place of what is there, all of it or nothing."""


def back_up(url: str, file: Path, tell: Tell) -> int:
    """Copy the database into a new file that only its owner can read. How many sittings it holds.

    Raises BackupFailed, RecordsUnavailable; there is no file then.
    """
    parsed = parse(url)
    store = _store(parsed)
    if file.exists():
        raise BackupFailed(f"{file} is there already: give the backup another name.")
    part = file.with_name(f"{file.name}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise BackupFailed(f"{part} cannot be made: {error.strerror}.") from error
    try:
        store.dump(parsed, part, tell)
        kept = store.count_in(part)
        _sync(part)
        part.replace(file)
    except OSError as error:
        raise BackupFailed(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)
    return kept


def restore(url: str, file: Path, tell: Tell, *, force: bool) -> int:
    """Put what the file holds in the place of the database. How many sittings those are.

    Raises BackupFailed, also where there are sittings already and not `force`; RecordsUnavailable.
    """
    parsed = parse(url)
    store, backend = _store(parsed), parsed.get_backend_name()
    if (kind := _kind(file)) != backend:
        what = f"a backup of {_NAMES[kind]}" if kind else "no backup"
        raise BackupFailed(f"{file} is {what}, and DATABASE_URL names {_NAMES[backend]}.")
    kept = store.count_in(file)
    if not force:
        _refuse_to_lose(store, parsed)
    store.load(parsed, file, tell)
    return kept


def _store(url: URL) -> _Store:
    return backup_sqlite if url.get_backend_name() == "sqlite" else backup_postgres


def _refuse_to_lose(store: _Store, url: URL) -> None:
    try:
        held = store.held(url)
    except RecordsDamaged as error:
        raise BackupFailed(f"{error} With --force what is there is put aside.") from error
    if held:
        raise BackupFailed(
            f"The database holds {held} sittings, which would be lost: "
            "back it up first, or say --force."
        )


def _kind(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            head = opened.read(16)
    except OSError as error:
        raise BackupFailed(f"{file} cannot be read: {error.strerror}.") from error
    return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "")


def _sync(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())

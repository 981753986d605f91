"""Backups of an SQLite database, by SQLite's own way to copy one that is in use."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.engine import URL

from records.engine import sqlite_file
from records.errors import BackupFailed, RecordsDamaged
from records.failure import failure

Tell = Callable[[str], None]

#: Copied in one go, before a word about the progress.
_PAGES = 2000


def dump(url: URL, file: Path, tell: Tell) -> None:
    with _told(), closing(_open(_file(url))) as live, closing(sqlite3.connect(file)) as copy:
        # Held to one state: else the copy would begin again with each write of an exam.
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        live.backup(copy, pages=_PAGES, progress=_progress(tell))
        # One file, without the journal that would lie beside it.
        copy.execute("PRAGMA journal_mode = DELETE")


def count_in(file: Path) -> int:
    try:
        with _told(), closing(_open(file)) as database:
            (sound,) = database.execute("PRAGMA quick_check(1)").fetchone()
            found = _sittings(database) if sound == "ok" else None
    except RecordsDamaged as error:
        raise BackupFailed(f"{file} is damaged.") from error
    if sound != "ok":
        raise BackupFailed(f"{file} is damaged: {sound}.")
    if found is None:
        raise BackupFailed(f"{file} holds no records of Voxam.")
    return found


def held(url: URL) -> int:
    file = _file(url)
    if not file.exists():
        return 0
    with _told(), closing(_open(file)) as database:
        return _sittings(database) or 0


def load(url: URL, file: Path, tell: Tell) -> None:
    """One that cannot be read is put aside, for whoever may still get something out of it."""
    target = _file(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        held(url)
    except RecordsDamaged:
        _put_aside(target, tell)
    with _told(), closing(_open(file)) as kept, closing(sqlite3.connect(target)) as live:
        kept.backup(live, pages=_PAGES, progress=_progress(tell))
        live.execute("PRAGMA journal_mode = WAL")


def _file(url: URL) -> Path:
    file = sqlite_file(url)
    assert file is not None
    return file


def _open(file: Path) -> sqlite3.Connection:
    """Not made if it is missing."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True)


def _sittings(database: sqlite3.Connection) -> int | None:
    """None: there is no table of them."""
    there = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'sittings'"
    if not database.execute(there).fetchone()[0]:
        return None
    found: int = database.execute("SELECT count(*) FROM sittings").fetchone()[0]
    return found


def _put_aside(target: Path, tell: Tell) -> None:
    number = 1
    while (aside := target.with_name(f"{target.name}.damaged-{number}")).exists():
        number += 1
    for suffix in ("", "-wal", "-shm"):
        part = target.with_name(target.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    tell(f"The damaged database is now {aside}.")


def _progress(tell: Tell) -> Callable[[int, int, int], None]:
    told = -1

    def follow(_: int, remaining: int, total: int) -> None:
        nonlocal told
        tenths = 10 * (total - remaining) // total if total else 10
        if tenths > told:
            told = tenths
            tell(f"{10 * tenths} %")

    return follow


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        found = failure(error)
        if isinstance(found, RecordsDamaged):
            raise found from error
        raise BackupFailed(
            f"The database cannot be copied: {error}. If it is locked, end what uses it."
        ) from error

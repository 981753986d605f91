"""Finds the server programs of Postgres. Standard library only, as all that setup needs."""

import shutil
from pathlib import Path

MISSING = (
    "The storage tests need the programs of a PostgreSQL server (14 or newer): "
    "`sudo apt install postgresql`, `brew install postgresql@17`, or see postgresql.org/download."
)
# Debian and Homebrew keep several versions side by side, and none of them on PATH.
_FOLDERS = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
)


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres` of the newest version there is."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).resolve().parent
    found = [
        folder
        for root, pattern in _FOLDERS
        for folder in Path(root).glob(pattern)
        if (folder / "initdb").is_file() and (folder / "postgres").is_file()
    ]
    return max(found, key=_version, default=None)


def _version(folder: Path) -> int:
    number = folder.parent.name.removeprefix("postgresql@")
    return int(number) if number.isdigit() else 0

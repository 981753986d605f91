"""Backups of a Postgres database, by the tools that come with Postgres."""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from records.engine import CHECKPOINT_TABLES, SYNC_DRIVERS, postgres_arguments, postgres_url
from records.errors import BackupFailed
from records.failure import failure
from records.schema import metadata

Tell = Callable[[str], None]

_MISSING = (
    "Backups of Postgres need {tool}, of the server's version or newer: `apt install "
    "postgresql-client`, `brew install libpq`, or see postgresql.org/download."
)
#: Where Debian and Homebrew keep what they do not put on PATH.
_FOLDERS = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/libpq/bin", "/usr/local/opt/libpq/bin")
_OWN = (
    *(table.name for table in metadata.sorted_tables),
    "alembic_version",
    "checkpoint_migrations",
    *CHECKPOINT_TABLES["postgresql"],
)
_DROPS = f"DROP TABLE IF EXISTS {', '.join(_OWN)} CASCADE;\n" + (
    "DROP FUNCTION IF EXISTS voxam_fence CASCADE;\n"
)


def dump(url: URL, file: Path, tell: Tell) -> None:
    tell("pg_dump writes …")
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--file={file}"]
    _run(url, ["pg_dump", *options, f"--dbname={_address(url)}"])


def count_in(file: Path) -> int:
    """By the rows that pg_restore writes for the table: one a line, up to a line of its own."""
    command = [_tool("pg_restore"), "--data-only", "--table=sittings", "--file=-", str(file)]
    with subprocess.Popen(  # noqa: S603 -- a fixed command
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace"
    ) as reading:
        assert reading.stdout is not None
        rows: int | None = None
        counting = False
        for line in reading.stdout:
            if line.startswith("COPY ") and ".sittings " in line:
                counting, rows = True, rows or 0
            elif line == "\\.\n":
                counting = False
            elif counting:
                assert rows is not None
                rows += 1
    if reading.returncode != 0:
        raise BackupFailed(f"{file} is damaged: pg_restore cannot read it.")
    if rows is None:
        raise BackupFailed(f"{file} holds no records of Voxam.")
    return rows


def held(url: URL) -> int:
    engine = create_engine(
        postgres_url(url).set(drivername=SYNC_DRIVERS["postgresql"]),
        poolclass=NullPool,
        connect_args=postgres_arguments(url),
    )
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("sittings"):
                return 0
            return int(connection.execute(text("SELECT count(*) FROM sittings")).scalar_one())
    except DBAPIError as error:
        raise failure(error) from error
    finally:
        engine.dispose()


def load(url: URL, file: Path, tell: Tell) -> None:
    tell("pg_restore reads …")
    read = [_tool("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(file)]
    write = [_tool("psql"), "--quiet", "--no-psqlrc", "--single-transaction", "--file=-"]
    write += ["--set=ON_ERROR_STOP=1", f"--dbname={_address(url)}"]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(read, stdout=subprocess.PIPE, stderr=said) as reading,  # noqa: S603
        subprocess.Popen(  # noqa: S603
            write,
            env=_environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
        ) as writing,
    ):
        if not _hand_over(reading, writing):
            said.seek(0)
            raise BackupFailed(f"Nothing was restored. {_complaint(said.read().decode())}")


def _hand_over(reading: "subprocess.Popen[bytes]", writing: "subprocess.Popen[bytes]") -> bool:
    """In one transaction: our tables go, those of the backup come. Whether it was committed."""
    assert reading.stdout is not None
    assert writing.stdin is not None
    try:
        writing.stdin.write(_DROPS.encode())
        shutil.copyfileobj(reading.stdout, writing.stdin)
        if reading.wait() != 0:
            # At the end of its input psql would commit what there is.
            writing.kill()
    except BrokenPipeError:
        reading.kill()
    finally:
        with contextlib.suppress(BrokenPipeError):
            writing.stdin.close()
    return writing.wait() == 0


def _run(url: URL, command: list[str]) -> None:
    done = subprocess.run(  # noqa: S603 -- a fixed command
        [_tool(command[0]), *command[1:]],
        env=_environment(url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise BackupFailed(f"{command[0]} failed. {_complaint(done.stderr)}")


def _address(url: URL) -> str:
    """Without the password: everybody on the machine can read a process's arguments."""
    # `URL.set` takes None for "leave it".
    return postgres_url(url)._replace(password=None).render_as_string(hide_password=False)


def _environment(url: URL) -> dict[str, str]:
    return os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})


def _complaint(said: str) -> str:
    """What went wrong, without the rows that Postgres quotes beside it."""
    errors = [line for line in said.splitlines() if re.search("error:|ERROR:|FATAL:", line)]
    return " ".join(errors[:3]) or "It did not say why."


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        there = [path for folder in _FOLDERS for path in Path("/").glob(f"{folder[1:]}/{name}")]
        # The newest version reads what the older ones wrote.
        found = str(max(there, key=_version)) if there else None
    if found is None:
        raise BackupFailed(_MISSING.format(tool=name))
    return found


def _version(path: Path) -> int:
    number = path.parent.parent.name
    return int(number) if number.isdigit() else 0

"""Backups: taken while exams go on, put back, and what is refused."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from records.__main__ import app
from records.backup import back_up, restore
from records.errors import BackupFailed
from records.store import Records

pytestmark = pytest.mark.unit

Run = Callable[..., Result]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup"


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", url)
    return lambda *words: CliRunner().invoke(app, words)


def quiet(_: str) -> None:
    """Nobody wants to know how far it is."""


def hold_sittings(url: str, *users: str) -> list[str]:
    """Their ids."""

    async def hold() -> list[str]:
        records = await Records.open(url)
        await records.publish_paper("cells", {"title": "Cells"}, "hash")
        ids = []
        for user in users:
            sitting, _ = await records.open_sitting(
                user_id=user, exam_id="cells", consent={}, profile={}, invitation=None
            )
            ids.append(sitting.id)
        await records.close()
        return ids

    return asyncio.run(hold())


def sittings(url: str) -> list[str]:
    async def read() -> list[str]:
        records = await Records.open(url)
        found = await records.sittings()
        await records.close()
        return [sitting.id for sitting in found]

    return sorted(asyncio.run(read()))


# -- on either database --


def test_what_was_backed_up_comes_back(run: Run, url: str, file: Path) -> None:
    ids = hold_sittings(url, "ann", "bob")
    done = run("backup", str(file))
    assert (done.exit_code, done.stdout.split(" (")[0]) == (
        0,
        f"Backed up 2 sittings into {file}",
    )
    assert file.stat().st_mode & 0o777 == 0o600
    hold_sittings(url, "cy")
    done = run("restore", str(file), "--force")
    assert (done.exit_code, done.stdout) == (0, f"Restored 2 sittings from {file}.\n")
    assert sittings(url) == sorted(ids)


def test_a_database_with_sittings_is_not_written_over(run: Run, url: str, file: Path) -> None:
    ids = hold_sittings(url, "ann")
    assert run("backup", str(file)).exit_code == 0
    ids += hold_sittings(url, "bob")
    done = run("restore", str(file))
    assert done.exit_code == 1
    assert "holds 2 sittings, which would be lost" in done.stderr
    assert sittings(url) == sorted(ids)


def test_a_backup_is_not_written_over(run: Run, file: Path) -> None:
    file.write_text("an older one")
    done = run("backup", str(file))
    assert done.exit_code == 1
    assert "is there already" in done.stderr
    assert file.read_text() == "an older one"


def test_what_is_no_backup_changes_nothing(run: Run, url: str, file: Path) -> None:
    ids = hold_sittings(url, "ann")
    assert run("restore", str(file), "--force").exit_code == 1
    file.write_text("no backup")
    done = run("restore", str(file), "--force")
    assert done.exit_code == 1
    assert "is no backup" in done.stderr
    assert sittings(url) == ids


def test_half_a_backup_changes_nothing(run: Run, url: str, file: Path) -> None:
    ids = hold_sittings(url, "ann")
    back_up(url, file, quiet)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert run("restore", str(file), "--force").exit_code == 1
    assert sittings(url) == ids


def test_a_backup_that_fails_leaves_no_file(run: Run, tmp_path: Path) -> None:
    done = run("backup", str(tmp_path / "no" / "folder"))
    assert done.exit_code == 1
    assert "cannot be made" in done.stderr
    assert not (tmp_path / "no").exists()


# -- SQLite's own --


def test_a_backup_of_what_is_no_database_leaves_no_file(tmp_path: Path, file: Path) -> None:
    other = tmp_path / "text.db"
    other.write_text("not a database, but long enough to be read as one" * 50)
    with pytest.raises(Exception, match="damaged"):
        back_up(f"sqlite:///{other}", file, quiet)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["text.db"]


def test_exams_write_on_while_a_backup_is_taken(url: str, database: Path, file: Path) -> None:
    """The backup is of one moment, whole, and does not begin again with each write."""
    hold_sittings(url, "ann")
    with closing(sqlite3.connect(database, isolation_level=None)) as exam:
        exam.execute("CREATE TABLE ballast (words TEXT)")
        exam.execute("INSERT INTO ballast VALUES (hex(randomblob(20000000)))")
        written = 0

        def write(_: str) -> None:
            nonlocal written
            written += 1
            exam.execute("UPDATE sittings SET seed = ?", (written,))

        assert back_up(url, file, write) == 1
        assert written > 2
    with closing(sqlite3.connect(file)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert copy.execute("SELECT seed FROM sittings").fetchone()[0] > written
    assert [each.name for each in file.parent.glob("backup*")] == ["backup"]


def test_a_damaged_database_is_put_aside(run: Run, url: str, database: Path, file: Path) -> None:
    ids = hold_sittings(url, "ann")
    back_up(url, file, quiet)
    database.write_bytes(b"\xa5" * 8192)
    for name in ("voxam.db-wal", "voxam.db-shm"):
        database.with_name(name).unlink(missing_ok=True)
    done = run("restore", str(file))
    assert done.exit_code == 1
    assert "With --force what is there is put aside" in done.stderr
    assert run("restore", str(file), "--force").exit_code == 0
    assert sittings(url) == ids
    assert database.with_name("voxam.db.damaged-1").read_bytes() == b"\xa5" * 8192


def test_a_database_that_is_in_use_sees_what_was_restored(url: str, file: Path) -> None:
    async def use() -> list[str]:
        await asyncio.to_thread(hold_sittings, url, "bob")
        records = await Records.open(url)
        assert len(await records.sittings()) == 2
        await asyncio.to_thread(restore, url, file, quiet, force=True)
        found = [sitting.id for sitting in await records.sittings()]
        await records.close()
        return found

    ids = hold_sittings(url, "ann")
    back_up(url, file, quiet)
    assert asyncio.run(use()) == ids


def test_a_backup_of_an_older_schema_is_told(run: Run, url: str, file: Path) -> None:
    back_up(url, file, quiet)
    with closing(sqlite3.connect(file)) as copy:
        copy.execute("UPDATE alembic_version SET version_num = '0001'")
        copy.commit()
    done = run("restore", str(file))
    assert done.exit_code == 0
    assert "run python -m records migrate" in done.stderr


def test_a_backup_of_another_kind_is_named(url: str, file: Path) -> None:
    back_up(url, file, quiet)
    with pytest.raises(BackupFailed, match="a backup of SQLite, and DATABASE_URL names Postgres"):
        restore("postgresql://nobody@127.0.0.1:1/none", file, quiet, force=True)

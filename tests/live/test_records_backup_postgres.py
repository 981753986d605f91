"""What tests/unit/test_records_backup.py says of backups, on a real Postgres."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from records import backup_postgres
from records.__main__ import app
from records.backup import back_up
from records.errors import BackupFailed
from tests.postgres import Postgres
from tests.unit.test_records_backup import (  # noqa: F401 -- they run here
    Run,
    hold_sittings,
    quiet,
    sittings,
    test_a_backup_is_not_written_over,
    test_a_backup_that_fails_leaves_no_file,
    test_a_database_with_sittings_is_not_written_over,
    test_half_a_backup_changes_nothing,
    test_what_is_no_backup_changes_nothing,
    test_what_was_backed_up_comes_back,
)

pytestmark = pytest.mark.live


@pytest.fixture
def url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "backup"


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DATABASE_URL", url)
    return lambda *words: CliRunner().invoke(app, words)


def test_an_empty_database_takes_a_backup(
    postgres: Postgres, url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = hold_sittings(url, "ann")
    back_up(url, file, quiet)
    other = postgres.new_database()
    monkeypatch.setenv("DATABASE_URL", other)
    assert CliRunner().invoke(app, ["restore", str(file)]).exit_code == 0
    assert sittings(other) == ids


def test_a_restore_that_fails_half_way_leaves_what_was_there(
    run: Run, url: str, file: Path
) -> None:
    ids = hold_sittings(url, "ann")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE another (id int)")
    back_up(url, file, quiet)
    # The table is none of ours, so it stays, and making it again fails.
    done = run("restore", str(file), "--force")
    assert done.exit_code == 1
    assert "Nothing was restored" in done.stderr
    assert 'relation "another" already exists' in done.stderr
    assert sittings(url) == ids


def test_the_password_is_not_among_a_process_s_arguments(
    url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []
    run: Callable[..., object] = subprocess.run

    def follow(command: list[str], **options: object) -> object:
        ran.append(command)
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", follow)
    back_up(url.replace("voxam@", "voxam:open-sesame@"), file, quiet)
    assert ran
    assert "open-sesame" not in str(ran)


def test_without_the_tools_it_says_how_to_get_them(
    url: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(backup_postgres, "_FOLDERS", ())
    with pytest.raises(BackupFailed, match="apt install postgresql-client"):
        back_up(url, file, quiet)
    assert not file.exists()

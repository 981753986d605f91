"""`python -m desk`: who the teachers are, and what it refuses to start with."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from desk.__main__ import app
from tests.desk import SECRET, Visitor, new_database, served, settings

pytestmark = pytest.mark.flow

KEY = "K3y-of-the-desk-0123456789-abcdefghij"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    database = new_database(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{database}")
    monkeypatch.setenv("DESK_KEY", KEY)
    monkeypatch.setenv("INVITATION_SECRET", SECRET)
    monkeypatch.delenv("DESK_URL", raising=False)
    return database


def _run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, arguments, input=typed)


def _teachers(*arguments: str, typed: str = "") -> Result:
    return _run("teachers", *arguments, typed=typed)


def test_a_teacher_is_added_changed_and_let_in_no_more(database: Path) -> None:
    made = _teachers("add", "eve", "--exam", "cells", "--json")
    assert made.exit_code == 0
    first = json.loads(made.output)["password"]
    assert len(first) >= 16
    with served(settings(database)) as client:
        eve = Visitor(client)
        assert eve.sign_in("eve", first).url.path == "/"
        # Each change ends the sign-ins before it.
        assert _teachers("exams", "eve", "--exam", "plants").exit_code == 0
        assert eve.get("/").url.path == "/sign-in"
        chosen = "another long password"
        assert _teachers("password", "eve", "--password-stdin", typed=chosen).exit_code == 0
        assert eve.sign_in("eve", first).status_code == 401
        assert eve.sign_in("eve", chosen).url.path == "/"
        assert _teachers("disable", "eve").exit_code == 0
        assert eve.sign_in("eve", chosen).status_code == 401
        listed = json.loads(_teachers("list", "--json").output)
        assert listed == [{"name": "eve", "admin": False, "disabled": True, "exams": ["plants"]}]
        assert _teachers("disable", "eve", "--undo").exit_code == 0
        assert eve.sign_in("eve", chosen).url.path == "/"


def test_passwords_are_kept_as_hashes_only(database: Path) -> None:
    password = json.loads(_teachers("add", "root", "--admin", "--json").output)["password"]
    kept = database.read_bytes()
    assert b"root" in kept
    assert b"$argon2id$" in kept
    assert password.encode() not in kept


@pytest.mark.parametrize(
    ("arguments", "typed", "told"),
    [
        (("add", "eve"), "", "which exams"),
        (("add", " eve", "--admin"), "", "none of them a space"),
        (("add", "", "--admin"), "", "1 to 64 characters"),
        (("add", "x" * 65, "--admin"), "", "1 to 64 characters"),
        (("add", "eve", "--admin", "--password-stdin"), "short\n", "at least 10 characters"),
        (("password", "nobody"), "", "no teacher 'nobody'"),
        (("disable", "nobody"), "", "no teacher 'nobody'"),
    ],
)
def test_what_cannot_be_is_told_and_changes_nothing(
    database: Path, arguments: tuple[str, ...], typed: str, told: str
) -> None:
    result = _teachers(*arguments, typed=typed)
    assert result.exit_code == 1
    assert told in result.output
    assert json.loads(_teachers("list", "--json").output) == []


def test_a_name_is_given_once(database: Path) -> None:
    assert _teachers("add", "eve", "--admin").exit_code == 0
    again = _teachers("add", "eve", "--exam", "cells")
    assert again.exit_code == 1
    assert "a teacher 'eve' already" in again.output
    assert json.loads(_teachers("list", "--json").output)[0]["admin"] is True


@pytest.mark.parametrize(
    ("changes", "host", "code", "told"),
    [
        ({"DESK_KEY": None}, "127.0.0.1", 1, "DESK_KEY is not set."),
        ({"DESK_KEY": "short"}, "127.0.0.1", 1, "DESK_KEY is wrong"),
        ({"DESK_URL": "desk.example"}, "127.0.0.1", 1, "DESK_URL is wrong"),
        ({}, "0.0.0.0", 2, "DESK_URL does not begin with https://"),
        ({"DESK_URL": "http://desk.example"}, "127.0.0.1", 2, "passwords can be read"),
        ({"DATABASE_URL": "sqlite:////nowhere/none.db"}, "127.0.0.1", 1, ""),
    ],
)
def test_it_does_not_start_where_it_should_not(
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str | None],
    host: str,
    code: int,
    told: str,
) -> None:
    for name, value in changes.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    result = _run("serve", "--host", host, "--port", "0")
    assert result.exit_code == code
    assert told in result.output
    # A secret is told to nobody.
    assert "short" not in result.output
    assert KEY not in result.output

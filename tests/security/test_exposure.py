"""With settings that are for development only, nothing starts where others can reach it."""

from typing import Any

import pytest
from typer.testing import CliRunner

from records.exposure import is_exposed, unfit
from tests.security.conftest import Serve
from token_api.__main__ import app

pytestmark = pytest.mark.unit

GOOD_SECRET = "Zq3v9xT1mB7cK5wR8yL2nP4sD6fG0hJa"
GOOD: dict[str, Any] = {
    "host": "0.0.0.0",
    "public_url": "https://exams.school.example",
    "livekit_url": "wss://livekit.school.example",
    "livekit_api_key": "APIabcdefgh",
    "secrets": {"LIVEKIT_API_SECRET": GOOD_SECRET, "TOKEN_API_KEY_PREVIOUS": ""},
    "for_students": True,
}
DEVELOPMENT: dict[str, Any] = {
    "host": "127.0.0.1",
    "public_url": "http://localhost:8000",
    "livekit_url": "ws://127.0.0.1:7880",
    "livekit_api_key": "devkey",
    "secrets": {"LIVEKIT_API_SECRET": "secret", "TOKEN_API_KEY": "k"},
    "for_students": True,
}
ENVIRONMENT = {
    "LIVEKIT_URL": GOOD["livekit_url"],
    "LIVEKIT_API_KEY": GOOD["livekit_api_key"],
    "LIVEKIT_API_SECRET": GOOD_SECRET,
    "TOKEN_API_KEY": GOOD_SECRET[::-1],
    "INVITATION_SECRET": GOOD_SECRET.swapcase(),
    "PUBLIC_URL": GOOD["public_url"],
    # Whatever is fit gets as far as this.
    "DATABASE_URL": "sqlite:///no/such/folder/voxam.db",
}


def test_good_settings_are_fit() -> None:
    assert unfit(**GOOD) == []


def test_on_a_machine_that_nobody_else_reaches_everything_is_fit() -> None:
    assert unfit(**DEVELOPMENT) == []
    assert unfit(**DEVELOPMENT | {"host": None}) == []


@pytest.mark.parametrize(
    ("host", "public_url", "exposed"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000", False),
        ("127.8.8.8", "http://[::1]:8000", False),
        ("::1", "http://localhost", False),
        (None, "http://exam.localhost:8000", False),
        ("0.0.0.0", "http://127.0.0.1:8000", True),
        ("::", "http://127.0.0.1:8000", True),
        ("", "http://127.0.0.1:8000", True),
        ("192.168.1.7", "http://127.0.0.1:8000", True),
        ("127.0.0.1", "https://exams.school.example", True),
        ("127.0.0.1", "http://127.0.0.1.school.example", True),
        ("127.0.0.1", "http://localhost.school.example", True),
        ("127.0.0.1", "http://192.168.1.7:8000", True),
        (None, "http://0.0.0.0:8000", True),
        (None, "nonsense", True),
    ],
)
def test_who_can_reach_it(host: str | None, public_url: str, exposed: bool) -> None:
    assert is_exposed(host=host, public_url=public_url) is exposed


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"public_url": "http://exams.school.example"}, "PUBLIC_URL"),
        ({"public_url": "http://127.0.0.1:8000"}, "PUBLIC_URL"),
        ({"livekit_url": "ws://livekit.school.example"}, "LIVEKIT_URL"),
        ({"livekit_url": "ws://10.0.0.7:7880"}, "LIVEKIT_URL"),
        ({"livekit_api_key": "devkey"}, "LIVEKIT_API_KEY"),
        ({"livekit_api_key": "dev-1a2b3c4d"}, "LIVEKIT_API_KEY"),
        ({"secrets": {"LIVEKIT_API_SECRET": "secret"}}, "LIVEKIT_API_SECRET"),
        ({"secrets": {"LIVEKIT_API_SECRET": GOOD_SECRET[:31]}}, "LIVEKIT_API_SECRET"),
        ({"secrets": {"TOKEN_API_KEY": "changeme"}}, "TOKEN_API_KEY"),
        ({"secrets": {"TOKEN_API_KEY": "change-me-" * 5}}, "TOKEN_API_KEY"),
        ({"secrets": {"INVITATION_SECRET": "s" * 40}}, "INVITATION_SECRET"),
        ({"secrets": {"INVITATION_SECRET": "secret" * 8}}, "INVITATION_SECRET"),
        ({"secrets": {"DESK_KEY": "EXAMPLE_" + GOOD_SECRET}}, "DESK_KEY"),
    ],
)
def test_each_unfit_setting_gets_one_sentence_without_its_value(
    changes: dict[str, Any], named: str
) -> None:
    (sentence,) = unfit(**GOOD | changes)
    assert sentence.startswith(f"{named} ")
    values = [*changes.get("secrets", {}).values()]
    assert not any(value in sentence for value in values)


def test_rooms_within_may_reach_livekit_by_an_inner_address() -> None:
    inner = {"host": None, "for_students": False}
    for url in ("ws://127.0.0.1:7880", "ws://10.0.0.7:7880", "ws://livekit:7880"):
        assert unfit(**GOOD | inner | {"livekit_url": url}) == []
    for url in ("ws://livekit.school.example", "ws://203.0.114.7:7880"):
        assert len(unfit(**GOOD | inner | {"livekit_url": url})) == 1


def _start(*options: str, **changes: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*options], env=ENVIRONMENT | changes)
    return done.exit_code, done.stderr


def test_the_token_api_does_not_start_with_development_settings() -> None:
    changes = {
        "LIVEKIT_API_KEY": "devkey",
        "LIVEKIT_API_SECRET": "secret",
        "LIVEKIT_URL": "ws://127.0.0.1:7880",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "TOKEN_API_KEY": "k",
    }
    code, said = _start("--host", "0.0.0.0", **changes)
    assert code == 2
    names = ["PUBLIC_URL", "LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "TOKEN_API_KEY"]
    assert [line.split()[0] for line in said.splitlines()[1:]] == names


def test_nor_behind_a_proxy_when_its_public_address_shows_that() -> None:
    code, said = _start(LIVEKIT_API_KEY="devkey")
    assert code == 2
    assert "LIVEKIT_API_KEY is one for development" in said


def test_a_key_that_is_being_replaced_is_looked_at_too() -> None:
    code, said = _start(TOKEN_API_KEY_PREVIOUS="old")
    assert code == 2
    assert "TOKEN_API_KEY_PREVIOUS is shorter than 32 characters" in said


def test_with_good_settings_it_goes_on_to_the_database() -> None:
    code, said = _start("--host", "0.0.0.0")
    assert code == 1
    assert "There is no database at no/such/folder/voxam.db" in said


def test_browsers_are_told_to_stay_with_https_where_there_is_https(serve: Serve) -> None:
    with serve(public_url="https://exams.school.example") as school:
        for path in ("/", "/none", "/healthz"):
            headers = school.client.get(path).headers
            assert headers["strict-transport-security"] == "max-age=31536000"


def test_and_not_on_a_machine_without_it(serve: Serve) -> None:
    with serve() as school:
        assert "strict-transport-security" not in school.client.get("/").headers

"""The page as it is served, the headers around it, and the settings of the service."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from typer.testing import CliRunner

from records.migrate import migrate
from records.starting import SettingsError, read
from token_api.__main__ import app as door
from token_api.app import create_app
from token_api.settings import Settings

pytestmark = pytest.mark.unit

NEEDED = {
    "LIVEKIT_API_KEY": "key",
    "LIVEKIT_API_SECRET": "a" * 32,
    "TOKEN_API_KEY": "key",
    "INVITATION_SECRET": "s" * 32,
}


def service(folder: Path, url: str = "ws://127.0.0.1:7880") -> TestClient:
    migrate(f"sqlite:///{folder / 'voxam.db'}")
    settings = Settings(
        livekit_url=url,
        livekit_api_key="key",
        livekit_api_secret=SecretStr("a" * 32),
        database_url=f"sqlite:///{folder / 'voxam.db'}",
        token_api_key=SecretStr("key"),
        invitation_secret=SecretStr("s" * 32),
        web_dist=folder / "dist",
    )
    return TestClient(create_app(settings))


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    assets = tmp_path / "dist" / "assets"
    assets.mkdir(parents=True)
    (assets / "index-4f2a.js").write_text("export {}")
    (tmp_path / "dist" / "index.html").write_text("<!doctype html><title>Exam</title>")
    (tmp_path / "dist" / "favicon.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    return tmp_path / "dist"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with service(tmp_path) as client:
        yield client


@pytest.mark.usefixtures("dist")
class TestPage:
    def test_is_asked_for_each_time_and_its_assets_are_kept(self, client: TestClient) -> None:
        for path, kept in {
            "/": "no-cache",
            "/index.html": "no-cache",
            "/favicon.svg": "no-cache",
            "/assets/index-4f2a.js": "public, max-age=31536000, immutable",
        }.items():
            response = client.get(path)
            assert response.status_code == 200
            assert response.headers["cache-control"] == kept
        assert "<title>Exam</title>" in client.get("/").text

    @pytest.mark.parametrize(
        "path", ["/none", "/assets/", "/../secret.txt", "/%2e%2e/secret.txt", "/assets/none.js"]
    )
    def test_what_is_not_there(self, client: TestClient, path: str) -> None:
        response = client.get(path)
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "not_found"

    def test_cannot_be_written(self, client: TestClient) -> None:
        response = client.post("/")
        assert response.status_code == 405
        assert response.json()["error"]["code"] == "method_not_allowed"

    @pytest.mark.parametrize("path", ["/", "/none", "/healthz"])
    def test_is_protected(self, client: TestClient, path: str) -> None:
        headers = client.get(path).headers
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'self'"
        assert policy["connect-src"] == "'self' ws://127.0.0.1:7880 http://127.0.0.1:7880"
        assert policy["media-src"] == policy["worker-src"] == "'self' blob:"
        assert policy["object-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["permissions-policy"].startswith("microphone=(self)")
        assert "access-control-allow-origin" not in headers

    def test_may_only_reach_a_secure_livekit_securely(self, tmp_path: Path) -> None:
        with service(tmp_path, "wss://project.livekit.cloud") as client:
            policy = client.get("/").headers["content-security-policy"]
        livekit = "wss://project.livekit.cloud https://project.livekit.cloud"
        assert f"connect-src 'self' {livekit};" in policy


def test_a_page_that_is_not_built(client: TestClient) -> None:
    response = client.get("/")
    assert response.status_code == 503
    assert "The student's page is not built" in response.json()["error"]["message"]
    assert client.get("/healthz").status_code == 200


class TestSettings:
    @pytest.fixture(autouse=True)
    def environment(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for name in ("LIVEKIT_URL", "WEB_DIST", *NEEDED):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")

    def test_each_missing_variable_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TOKEN_API_KEY", "")
        with pytest.raises(SettingsError) as caught:
            read(Settings)
        assert str(caught.value).splitlines() == [f"{name} is not set." for name in NEEDED]

    @pytest.mark.parametrize(
        ("name", "value"),
        [("INVITATION_SECRET", "short"), ("LIVEKIT_URL", "livekit.example:7880")],
    )
    def test_a_wrong_value_is_named_and_not_shown(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        for other, good in (NEEDED | {name: value}).items():
            monkeypatch.setenv(other, good)
        with pytest.raises(SettingsError) as caught:
            read(Settings)
        assert str(caught.value).startswith(f"{name} is wrong: ")
        assert value not in str(caught.value)

    def test_the_door_refuses(self, monkeypatch: pytest.MonkeyPatch) -> None:
        result = CliRunner().invoke(door, [])
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.splitlines() == [f"{name} is not set." for name in NEEDED]
        for name, value in NEEDED.items():
            monkeypatch.setenv(name, value)
        result = CliRunner().invoke(door, [])
        assert result.exit_code == 1
        assert "run python -m records migrate" in result.stderr

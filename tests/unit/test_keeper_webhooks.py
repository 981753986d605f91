"""Who may tell the keeper to look: LiveKit, and nobody else."""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import aiohttp
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from livekit import api
from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from keeper.app import create_app
from keeper.keeping import Keeping
from keeper.settings import Settings
from keeper.webhooks import MAX_BYTES, REMEMBERED_S, Webhooks
from records.migrate import migrate
from tests.stand_ins.livekit_api import LiveKitStandIn

pytestmark = pytest.mark.unit

KEY, SECRET = "api-key", "s" * 40
#: Not as a library would write it: what counts is the bytes.
BODY = '{ "event":"participant_joined", "id": "EV_1","room" : {"name": "exam-ä"} }\n'.encode()


def _hash(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def _token(body: bytes = BODY, key: str = KEY, secret: str = SECRET) -> str:
    return api.AccessToken(key, secret).with_sha256(_hash(body)).to_jwt()


def _claims(**changes: object) -> dict[str, object]:
    claims = jwt.decode(_token(), options={"verify_signature": False})
    return {name: value for name, value in (claims | changes).items() if value is not None}


def _expired() -> str:
    ended = jwt.decode(_token(), options={"verify_signature": False})["nbf"] - 120
    return jwt.encode(_claims(nbf=ended - 300, exp=ended), SECRET, algorithm="HS256")


FORGED = {
    "nothing": "",
    "not a token": "Bearer x",
    "another secret": _token(secret="t" * 40),
    "another key": _token(key="other"),
    "another body": _token(BODY.replace(b"joined", b"left")),
    "the same body, written otherwise": _token(json.dumps(json.loads(BODY)).encode()),
    "no hash: as a student's token": api.AccessToken(KEY, SECRET).with_ttl(timedelta(9)).to_jwt(),
    "no signature": jwt.encode(_claims(), None, algorithm="none"),
    "expired": _expired(),
    "never expires": jwt.encode(_claims(exp=None), SECRET, algorithm="HS256"),
}


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One for each time that the keeper was told to look."""
    calls: list[bool] = []
    monkeypatch.setattr(Keeping, "wake", lambda _: calls.append(True))
    return calls


@pytest.fixture
def livekit() -> LiveKitStandIn:
    return LiveKitStandIn()


@pytest.fixture
def client(tmp_path: Path, livekit: LiveKitStandIn) -> Iterator[TestClient]:
    url = f"sqlite:///{tmp_path / 'voxam.db'}"
    migrate(url)
    settings = Settings(livekit_api_key=KEY, livekit_api_secret=SecretStr(SECRET), database_url=url)
    app = create_app(settings, cast(aiohttp.ClientSession, livekit))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def post(client: TestClient, token: str, body: bytes = BODY) -> int:
    headers = {"authorization": token, "content-type": "application/webhook+json"}
    return client.post("/livekit-webhook", content=body, headers=headers).status_code


def test_somebody_came_so_the_keeper_looks(client: TestClient, woken: list[bool]) -> None:
    assert post(client, _token()) == 204
    assert woken == [True]


def test_what_is_not_about_people_is_taken_without_a_look(
    client: TestClient, woken: list[bool]
) -> None:
    body = b'{"event":"track_published"}'
    assert post(client, _token(body), body) == 204
    assert woken == []


@pytest.mark.parametrize("how", FORGED)
def test_row_31_forged(client: TestClient, woken: list[bool], how: str) -> None:
    assert post(client, FORGED[how]) == 401
    assert woken == []


def test_row_31_replayed(client: TestClient, woken: list[bool]) -> None:
    token = _token()
    assert [post(client, token), post(client, token), post(client, f"Bearer {token}")] == [
        204,
        401,
        401,
    ]
    assert len(woken) == 1


def test_the_order_does_not_matter(client: TestClient, woken: list[bool]) -> None:
    left, joined = BODY.replace(b"joined", b"left"), BODY
    assert [post(client, _token(body), body) for body in (left, joined)] == [204, 204]
    assert len(woken) == 2


def test_a_token_is_remembered_for_as_long_as_it_is_good_and_no_longer() -> None:
    now = 0.0
    webhooks = Webhooks(KEY, SECRET, lambda: now)
    token = _token()
    assert webhooks.take(BODY, token)
    now = REMEMBERED_S - 1
    with pytest.raises(HTTPException):
        webhooks.take(BODY, token)
    now = REMEMBERED_S + 1
    body = BODY.replace(b"EV_1", b"EV_2")
    assert webhooks.take(body, _token(body))
    assert len(webhooks._taken) == 1


@given(body=st.binary(max_size=200), token=st.text(max_size=200) | st.just(_token()))
def test_whatever_a_stranger_sends_is_refused(body: bytes, token: str) -> None:
    with pytest.raises(HTTPException) as caught:
        Webhooks(KEY, SECRET).take(body, token)
    assert caught.value.status_code == 401


def test_a_large_body_is_not_read_to_its_end(client: TestClient, woken: list[bool]) -> None:
    body = b" " * (MAX_BYTES + 1)
    assert post(client, _token(body), body) == 413
    assert woken == []


def test_errors_are_told_as_json(client: TestClient) -> None:
    for method, path, status, code in (
        ("GET", "/livekit-webhook", 405, "method_not_allowed"),
        ("POST", "/livekit-webhook", 401, "unauthorized"),
        ("GET", "/other", 404, "not_found"),
    ):
        response = client.request(method, path)
        assert response.status_code == status
        assert response.json()["error"]["code"] == code


def test_readiness(client: TestClient, livekit: LiveKitStandIn) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}
    livekit.down = True
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"
    assert "LiveKit cannot be reached" in response.json()["error"]["message"]
    assert client.get("/healthz").status_code == 200


def test_readiness_of_a_keeper_that_does_not_look(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Keeping, "stalled", True)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["error"]["message"] == "The leases are not being looked at."

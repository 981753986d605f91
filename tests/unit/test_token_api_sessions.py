"""The token API from request to answer, with LiveKit replaced at the network's edge."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import aiohttp
import httpx2
import jwt
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.testclient import TestClient

from records.dispatch import Dispatch
from records.invitations import sign
from records.migrate import migrate
from records.store import Records
from tests.stand_ins.livekit_api import LiveKitStandIn
from token_api.app import create_app
from token_api.settings import Settings

pytestmark = pytest.mark.unit

KEY = "key-of-the-school-service"
SECRET = "s" * 40
API_SECRET = "a" * 40
CONSENT = {"recording": True, "text_version": "2026-03"}
START = {"user_id": "Ann.Lee@school.example", "exam_id": "cells", "consent": CONSENT}
BEARER = {"authorization": f"Bearer {KEY}"}
PAPER: dict[str, Any] = {"title": "Cells", "recording": "optional", "questions": []}

Invite = Callable[..., str]


def run_on(database: Path, work: Callable[[Records], Any]) -> Any:
    async def run() -> Any:
        records = await Records.open(f"sqlite:///{database}")
        try:
            return await work(records)
        finally:
            await records.close()

    return asyncio.run(run())


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "voxam.db"
    migrate(f"sqlite:///{file}")

    async def publish(records: Records) -> None:
        await records.publish_paper("cells", PAPER, "hash-1")
        await records.publish_paper("taped", PAPER | {"recording": "required"}, "hash-2")

    run_on(file, publish)
    return file


@pytest.fixture
def database(template: Path, tmp_path: Path) -> Path:
    file = tmp_path / "voxam.db"
    shutil.copy(template, file)
    return file


@pytest.fixture
def settings(database: Path, tmp_path: Path) -> Settings:
    return Settings(
        livekit_url="wss://livekit.example",
        livekit_api_key="api-key",
        livekit_api_secret=SecretStr(API_SECRET),
        database_url=f"sqlite:///{database}",
        token_api_key=SecretStr(KEY),
        invitation_secret=SecretStr(SECRET),
        web_dist=tmp_path / "dist",
    )


@pytest.fixture
def livekit() -> LiveKitStandIn:
    return LiveKitStandIn()


@pytest.fixture
def client(settings: Settings, livekit: LiveKitStandIn) -> Iterator[TestClient]:
    app = create_app(settings, cast(aiohttp.ClientSession, livekit))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def invite(database: Path) -> Invite:
    """A signed invitation; keywords change what the records hold of it."""

    def make(expires_in: timedelta = timedelta(days=1), **changes: Any) -> str:
        values: dict[str, Any] = {
            "user_id": "bob",
            "exam_id": "cells",
            "profile": {},
            "attempts": 1,
        } | changes
        expires_at = datetime.now(UTC) + expires_in

        async def create(records: Records) -> str:
            invitation = await records.create_invitation(expires_at=expires_at, **values)
            return invitation.jti

        return sign(run_on(database, create), expires_at, SECRET)

    return make


def rows(database: Path, table: str = "sittings") -> int:
    with closing(sqlite3.connect(database)) as connection:
        found: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        return found


def finish(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE sittings SET status = 'finished'")
        connection.commit()


def start(client: TestClient, headers: dict[str, str] = BEARER, **changes: Any) -> httpx2.Response:
    return client.post("/start-exam-session", json=START | changes, headers=headers)


def join(client: TestClient, invitation: str, **changes: Any) -> httpx2.Response:
    return client.post("/join", json={"invitation": invitation, "consent": CONSENT} | changes)


def assert_refused(
    response: httpx2.Response, status: int, code: str, field: str | None = None
) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert error["code"] == code
    assert error.get("field") == field
    assert error["message"].endswith(".")
    assert error["message"][0].isupper()


class TestStarting:
    def test_opens_a_room_and_sends_for_the_examiner(
        self, client: TestClient, livekit: LiveKitStandIn, database: Path, settings: Settings
    ) -> None:
        response = start(client)
        assert response.status_code == 200
        assert response.headers["cache-control"] == "no-store"
        body = response.json()
        assert body.keys() == {
            "session_id",
            "room_name",
            "livekit_url",
            "token",
            "token_expires_at",
            "resumed",
            "page",
        }
        assert body["room_name"].startswith("exam-ann-lee-school-example-")
        assert (body["livekit_url"], body["resumed"]) == ("wss://livekit.example", False)
        assert body["page"] == {"typed": False, "own_turn_end": False, "captions": "normal"}
        (room,) = livekit.created
        assert (room.name, room.max_participants) == (body["room_name"], 3)
        assert min(room.empty_timeout, room.departure_timeout) > settings.student_grace_s
        assert room.metadata == ""
        (sent,) = livekit.sent
        assert (sent.room, sent.agent_name) == (body["room_name"], "examiner")
        assert json.loads(sent.metadata) == {"v": 1, "session_id": body["session_id"]}
        assert Dispatch.parse(sent.metadata).session_id == body["session_id"]
        assert rows(database) == 1

    def test_the_token_opens_one_room_to_one_microphone(self, client: TestClient) -> None:
        body = start(client).json()
        claims = jwt.decode(body["token"], API_SECRET, algorithms=["HS256"])
        assert claims["sub"] == "student-ann-lee-school-example"
        assert claims["video"] == {
            "roomJoin": True,
            "room": body["room_name"],
            "canPublish": True,
            "canPublishSources": ["microphone"],
            "canSubscribe": True,
            "canPublishData": True,
            "canUpdateOwnMetadata": False,
        }
        assert not {"metadata", "roomConfig", "attributes", "name"} & claims.keys()
        expires_at = datetime.fromisoformat(body["token_expires_at"])
        assert expires_at.tzinfo is not None
        assert 0 <= claims["exp"] - expires_at.timestamp() <= 2
        left = expires_at - datetime.now(UTC)
        assert timedelta(minutes=9.8) < left <= timedelta(minutes=10)

    def test_again_is_the_same_sitting(
        self, client: TestClient, livekit: LiveKitStandIn, database: Path
    ) -> None:
        first, second = start(client).json(), start(client).json()
        assert second["resumed"] is True
        for name in ("session_id", "room_name"):
            assert first[name] == second[name]
        assert len(livekit.sent) == 1
        assert rows(database) == 1

    def test_a_room_that_is_gone_is_made_again(
        self, client: TestClient, livekit: LiveKitStandIn
    ) -> None:
        room = start(client).json()["room_name"]
        livekit.forget_room(room)
        assert start(client).json()["room_name"] == room
        assert list(livekit.people[room]) == ["examiner"]
        assert len(livekit.sent) == 2

    def test_the_profile_stays_on_the_server(
        self, client: TestClient, livekit: LiveKitStandIn, database: Path
    ) -> None:
        profile = {"typed": True, "captions": "large", "extra_time_percent": 25}
        response = start(client, profile=profile)
        assert response.json()["page"] == {
            "typed": True,
            "own_turn_end": False,
            "captions": "large",
        }
        assert "extra_time" not in response.text
        assert "extra_time" not in livekit.sent[0].metadata
        (kept,) = run_on(database, lambda records: records.sittings())
        assert kept.profile == profile

    def test_a_finished_exam(
        self, client: TestClient, livekit: LiveKitStandIn, database: Path
    ) -> None:
        start(client)
        finish(database)
        assert_refused(start(client), 409, "exam_finished")
        assert len(livekit.created) == 1

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"authorization": ""},
            {"authorization": KEY},
            {"authorization": "Bearer"},
            {"authorization": "Bearer wrong"},
            {"authorization": f"Basic {KEY}"},
            {"authorization": f"Bearer {KEY}x"},
            {"authorization": "Bearer \xff\xfe"},
        ],
    )
    def test_without_the_key(
        self,
        client: TestClient,
        headers: dict[str, str],
        livekit: LiveKitStandIn,
        database: Path,
    ) -> None:
        encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
        response = client.post("/start-exam-session", json=START, headers=encoded)
        assert_refused(response, 401, "unauthorized")
        assert response.headers["www-authenticate"] == "Bearer"
        assert (livekit.calls, rows(database)) == (0, 0)

    @pytest.mark.parametrize(
        ("changes", "status", "code", "field"),
        [
            ({"exam_id": "none"}, 404, "unknown_exam", "exam_id"),
            ({"exam_id": "../cells"}, 400, "bad_request", "exam_id"),
            ({"exam_id": "x" * 65}, 400, "bad_request", "exam_id"),
            ({"exam_id": None}, 400, "bad_request", "exam_id"),
            ({"user_id": ""}, 400, "bad_request", "user_id"),
            ({"user_id": "🦊"}, 400, "bad_request", "user_id"),
            ({"user_id": "ann lee"}, 400, "bad_request", "user_id"),
            ({"user_id": "../"}, 400, "bad_request", "user_id"),
            ({"user_id": "ann\n"}, 400, "bad_request", "user_id"),
            ({"user_id": "ann\x00"}, 400, "bad_request", "user_id"),
            ({"user_id": "änn"}, 400, "bad_request", "user_id"),
            ({"user_id": "١"}, 400, "bad_request", "user_id"),
            ({"user_id": "x" * 129}, 400, "bad_request", "user_id"),
            ({"user_id": "x" * 10_000}, 400, "bad_request", "user_id"),
            ({"user_id": 7}, 400, "bad_request", "user_id"),
            ({"user_id": ["ann"]}, 400, "bad_request", "user_id"),
            ({"consent": None}, 400, "bad_request", "consent"),
            ({"consent": {}}, 400, "bad_request", "consent.recording"),
            ({"consent": CONSENT | {"recording": "yes"}}, 400, "bad_request", "consent.recording"),
            ({"consent": CONSENT | {"recording": 1}}, 400, "bad_request", "consent.recording"),
            ({"consent": {"recording": True}}, 400, "bad_request", "consent.text_version"),
            (
                {"consent": CONSENT | {"text_version": "x" * 33}},
                400,
                "bad_request",
                "consent.text_version",
            ),
            ({"consent": CONSENT | {"more": 1}}, 400, "bad_request", "consent.more"),
            ({"profile": []}, 400, "bad_request", "profile"),
            ({"profile": None}, 400, "bad_request", "profile"),
            ({"profile": {"typed": "yes"}}, 400, "bad_request", "profile.typed"),
            ({"profile": {"note": "x" * 3000}}, 400, "bad_request", "profile.note"),
            (
                {"profile": {"extra_time_percent": 301}},
                400,
                "bad_request",
                "profile.extra_time_percent",
            ),
            ({"profile": {"breaks": 1.5}}, 400, "bad_request", "profile.breaks"),
            ({"admin": True}, 400, "bad_request", "admin"),
            ({"x" * 500: True}, 400, "bad_request", "x" * 64),
            ({"exam_id": "taped", "consent": CONSENT | {"recording": False}}, 403, None, None),
        ],
    )
    def test_what_is_refused_creates_nothing(
        self,
        client: TestClient,
        livekit: LiveKitStandIn,
        database: Path,
        changes: dict[str, Any],
        status: int,
        code: str | None,
        field: str | None,
    ) -> None:
        response = start(client, **changes)
        if code is None:
            code, field = "consent_required", "consent.recording"
        assert_refused(response, status, code, field)
        assert (livekit.calls, rows(database)) == (0, 0)

    def test_a_missing_field_is_named(self, client: TestClient) -> None:
        body = {"exam_id": "cells", "consent": CONSENT}
        response = client.post("/start-exam-session", json=body, headers=BEARER)
        assert_refused(response, 400, "bad_request", "user_id")


class TestJoining:
    def test_lets_the_invited_student_in(
        self, client: TestClient, livekit: LiveKitStandIn, invite: Invite, database: Path
    ) -> None:
        body = join(client, invite(profile={"own_turn_end": True})).json()
        assert body["room_name"].startswith("exam-bob-")
        assert body["page"]["own_turn_end"] is True
        assert len(livekit.sent) == 1
        assert rows(database) == 1

    def test_coming_back_uses_no_attempt_up(self, client: TestClient, invite: Invite) -> None:
        token = invite()
        first, second = join(client, token).json(), join(client, token).json()
        assert (first["resumed"], second["resumed"]) == (False, True)
        assert first["session_id"] == second["session_id"]

    def test_looking_first_tells_what_the_page_needs_and_changes_nothing(
        self, client: TestClient, livekit: LiveKitStandIn, invite: Invite, database: Path
    ) -> None:
        token = invite(profile={"typed": True, "extra_time_percent": 25})
        for _ in range(2):
            response = client.post("/invitation", json={"invitation": token})
            assert response.json() == {
                "page": {"typed": True, "own_turn_end": False, "captions": "normal"}
            }
            assert response.headers["cache-control"] == "no-store"
        assert (livekit.calls, rows(database)) == (0, 0)
        assert join(client, token).json()["resumed"] is False

    def test_looking_with_what_is_no_good_invitation(
        self, client: TestClient, invite: Invite, database: Path
    ) -> None:
        def look(token: Any) -> httpx2.Response:
            return client.post("/invitation", json={"invitation": token})

        assert_refused(look(""), 400, "bad_request", "invitation")
        assert_refused(look("nonsense"), 401, "invitation_invalid")
        token = invite()
        jti = jwt.decode(token, options={"verify_signature": False})["jti"]
        expired = sign(jti, datetime.now(UTC) - timedelta(seconds=1), SECRET)
        # Who began in time may come back, so the page needs to know all the same.
        assert look(expired).status_code == 200
        run_on(database, lambda records: records.revoke_invitation(jti))
        assert_refused(look(token), 401, "invitation_invalid")

    def test_a_used_one(
        self, client: TestClient, livekit: LiveKitStandIn, invite: Invite, database: Path
    ) -> None:
        token = invite()
        join(client, token)
        finish(database)
        assert_refused(join(client, token), 409, "invitation_used")
        assert (len(livekit.created), rows(database)) == (1, 1)

    @pytest.mark.parametrize(
        ("token", "status", "code"),
        [
            ("", 400, "bad_request"),
            ("x" * 2049, 400, "bad_request"),
            (7, 400, "bad_request"),
            ("nonsense", 401, "invitation_invalid"),
            ("🦊.🦊.🦊", 401, "invitation_invalid"),
        ],
    )
    def test_what_is_no_invitation(
        self, client: TestClient, token: Any, status: int, code: str
    ) -> None:
        field = "invitation" if code == "bad_request" else None
        assert_refused(join(client, token), status, code, field)

    def test_forged_expired_and_withdrawn_ones_create_nothing(
        self, client: TestClient, livekit: LiveKitStandIn, invite: Invite, database: Path
    ) -> None:
        good = invite()
        jti = jwt.decode(good, options={"verify_signature": False})["jti"]
        later = datetime.now(UTC) + timedelta(days=1)
        expired = invite(expires_in=timedelta(seconds=-1))
        refused = {
            sign(jti, later, "another secret that is long enough, too"): "invitation_invalid",
            sign("0" * 32, later, SECRET): "invitation_invalid",
            # Signed as expired, though the records would still take it.
            sign(jti, datetime.now(UTC) - timedelta(days=1), SECRET): "invitation_expired",
            expired: "invitation_expired",
            # Signed for longer than the records allow.
            sign(
                jwt.decode(expired, options={"verify_signature": False, "verify_exp": False})[
                    "jti"
                ],
                later,
                SECRET,
            ): "invitation_expired",
        }
        status = {"invitation_invalid": 401, "invitation_expired": 410}
        for token, code in refused.items():
            assert_refused(join(client, token), status[code], code)
        run_on(database, lambda records: records.revoke_invitation(jti))
        assert_refused(join(client, good), 401, "invitation_invalid")
        assert (livekit.calls, rows(database)) == (0, 0)

    def test_who_began_in_time_may_come_back(self, client: TestClient, invite: Invite) -> None:
        token = invite()
        sitting = join(client, token).json()["session_id"]
        jti = jwt.decode(token, options={"verify_signature": False})["jti"]
        expired = sign(jti, datetime.now(UTC) - timedelta(seconds=1), SECRET)
        assert join(client, expired).json()["session_id"] == sitting

    def test_an_exam_that_must_be_recorded(
        self, client: TestClient, livekit: LiveKitStandIn, invite: Invite
    ) -> None:
        token = invite(exam_id="taped")
        refusing = CONSENT | {"recording": False}
        response = join(client, token, consent=refusing)
        assert_refused(response, 403, "consent_required", "consent.recording")
        assert livekit.calls == 0
        assert join(client, token).json()["resumed"] is False

    def test_an_exam_that_is_not_there(self, client: TestClient, invite: Invite) -> None:
        assert_refused(join(client, invite(exam_id="none")), 404, "unknown_exam", "exam_id")


class TestBodies:
    def test_a_large_body(self, client: TestClient, livekit: LiveKitStandIn) -> None:
        for body in (b'{"user_id": "' + b"x" * 1_000_000 + b'"}', b" " * 16_385):
            response = client.post("/start-exam-session", content=body, headers=BEARER)
            assert_refused(response, 413, "too_large")
            assert_refused(client.post("/join", content=body), 413, "too_large")
        assert livekit.calls == 0

    def test_a_large_body_without_a_length(self, client: TestClient) -> None:
        chunks = (b"x" * 1024 for _ in range(100))
        assert_refused(client.post("/join", content=chunks), 413, "too_large")

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"null",
            b"[]",
            b'"x"',
            b"\xff\xfe",
            b'{"invitation": NaN}',
            b'{"invitation": "a", "invitation": "b"}',
            b'{"a":' * 2500 + b"1" + b"}" * 2500,
            b"[" * 16_000,
            b'{"a": ' + b"[" * 10 + b"]" * 10 + b"}",
            b'{"a": 1' + b"0" * 10_000 + b"}",
            b"a=b&c=d",
        ],
    )
    def test_what_is_no_json_object(self, client: TestClient, body: bytes) -> None:
        assert_refused(client.post("/join", content=body), 400, "bad_request")

    @pytest.mark.parametrize("text", ["\\ud800", "\\u0000", "\\udfff"])
    def test_names_that_cannot_be_written(self, client: TestClient, text: str) -> None:
        body = f'{{"invitation": "x", "consent": {{}}, "{text}": 1}}'
        response = client.post("/join", content=body.encode())
        assert response.status_code == 400
        body = json.dumps(START | {"profile": {"n": "~"}}).replace("~", text)
        response = client.post("/start-exam-session", content=body, headers=BEARER)
        assert_refused(response, 400, "bad_request", "profile.n")

    def test_a_wrong_length(self, client: TestClient) -> None:
        response = client.post("/join", content=b"{}", headers={"content-length": "-1"})
        assert_refused(response, 413, "too_large")


class TestFailures:
    @pytest.mark.parametrize("fault", ["down", "refusing"])
    def test_without_livekit(
        self, client: TestClient, livekit: LiveKitStandIn, invite: Invite, fault: str
    ) -> None:
        token = invite()
        setattr(livekit, fault, True)
        response = join(client, token)
        assert_refused(response, 503, "unavailable")
        assert int(response.headers["retry-after"]) > 0
        setattr(livekit, fault, False)
        # The one attempt is still the student's.
        assert join(client, token).status_code == 200
        assert len(livekit.sent) == 1

    def test_without_the_database(
        self, client: TestClient, livekit: LiveKitStandIn, database: Path
    ) -> None:
        for file in database.parent.glob("voxam.db*"):
            file.write_bytes(b"not a database any more" * 500)
        response = start(client)
        assert_refused(response, 503, "unavailable")
        assert response.headers["retry-after"]
        assert "not a database" not in response.text
        assert livekit.calls == 0

    def test_a_crash_tells_nothing(
        self, client: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def crash(*_: object) -> None:
            raise RuntimeError("the secret reason")

        monkeypatch.setattr("token_api.sessions.mint", crash)
        response = start(client)
        assert_refused(response, 500, "internal")
        assert "secret reason" not in response.text
        assert response.headers["x-content-type-options"] == "nosniff"

    def test_readiness(self, client: TestClient, livekit: LiveKitStandIn, database: Path) -> None:
        assert client.get("/healthz").json() == {"status": "alive"}
        assert client.get("/readyz").json() == {"status": "ready"}
        livekit.down = True
        response = client.get("/readyz")
        assert_refused(response, 503, "unavailable")
        assert "LiveKit" in response.json()["error"]["message"]
        livekit.down = False
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0000'")
            connection.commit()
        response = client.get("/readyz")
        assert_refused(response, 503, "unavailable")
        assert "python -m records migrate" in response.json()["error"]["message"]
        assert client.get("/healthz").status_code == 200

    @pytest.mark.parametrize("path", ["/start-exam-session", "/join"])
    def test_other_methods(self, client: TestClient, path: str) -> None:
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            response = client.request(method, path)
            assert_refused(response, 405, "method_not_allowed")
            assert response.headers["allow"] == "POST"

    def test_nobody_is_named_in_the_log(
        self,
        client: TestClient,
        livekit: LiveKitStandIn,
        invite: Invite,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level("DEBUG")
        token = invite(user_id="carol-with-a-name")
        livekit.down = True
        join(client, token)
        livekit.down = False
        sitting = join(client, token).json()["session_id"]
        assert sitting in caplog.text
        assert "carol" not in caplog.text
        assert token not in caplog.text


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(alphabet=st.characters(), max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
near_misses = st.fixed_dictionaries(
    {},
    optional={
        "user_id": st.just("ann") | json_values,
        "exam_id": st.just("cells") | json_values,
        "invitation": st.text(max_size=60) | json_values,
        "consent": st.just(CONSENT) | json_values,
        "profile": st.just({}) | json_values,
        "other": json_values,
    },
)


@hypothesis_settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(value=json_values | near_misses, raw=st.binary(max_size=40))
def test_no_body_makes_it_crash(client: TestClient, value: Any, raw: bytes) -> None:
    for content in (json.dumps(value).encode(), raw):
        for path in ("/start-exam-session", "/join"):
            response = client.post(path, content=content, headers=BEARER)
            if response.status_code != 200:
                assert 400 <= response.status_code < 500
                assert response.json()["error"].keys() <= {"code", "message", "field"}

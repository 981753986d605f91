"""Invitations that are none: forged, tampered with, replayed, too late, for something else."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from records.__main__ import app as records_door
from records.invitations import AUDIENCE, sign
from tests.security.conftest import Serve
from tests.security.school import KEY, SECRET, School

pytestmark = pytest.mark.unit

OTHER_SECRET = "o" * 40
LATER = datetime.now(UTC) + timedelta(hours=1)


def _jti(invitation: str) -> str:
    jti: str = jwt.decode(invitation, options={"verify_signature": False})["jti"]
    return jti


def _claims(invitation: str, **changes: Any) -> dict[str, Any]:
    claims = {"jti": _jti(invitation), "aud": AUDIENCE, "exp": LATER} | changes
    return {name: value for name, value in claims.items() if value is not None}


def _encoded(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _with_payload(invitation: str, **changes: Any) -> str:
    """The signature of one, the claims of another."""
    head, payload, signature = invitation.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{head}.{_encoded(claims | changes)}.{signature}"


def _with_head(invitation: str, **head: Any) -> str:
    _, payload, signature = invitation.split(".")
    return f"{_encoded(head)}.{payload}.{signature}"


FORGERIES: dict[str, Callable[[str], str]] = {
    "nothing like it": lambda _: "let me in",
    "three empty parts": lambda _: "..",
    "signed with another secret": lambda good: jwt.encode(_claims(good), OTHER_SECRET),
    "signed with nothing": lambda good: jwt.encode(_claims(good), None, algorithm="none"),
    "alg none over a good one": lambda good: _with_head(good, alg="none", typ="JWT"),
    "alg None over a good one": lambda good: _with_head(good, alg="None", typ="JWT"),
    "alg RS256 over a good one": lambda good: _with_head(good, alg="RS256", typ="JWT"),
    "no signature": lambda good: good.rpartition(".")[0] + ".",
    "another algorithm": lambda good: jwt.encode(_claims(good), SECRET, algorithm="HS512"),
    "a key of its own choice": lambda good: jwt.encode(
        _claims(good), OTHER_SECRET, headers={"kid": "/dev/null", "jku": "http://127.0.0.1/"}
    ),
    "for another purpose": lambda good: jwt.encode(_claims(good, aud="voxam-desk"), SECRET),
    "for no purpose": lambda good: jwt.encode(_claims(good, aud=None), SECRET),
    "without an end": lambda good: jwt.encode(_claims(good, exp=None), SECRET),
    "without an id": lambda good: jwt.encode(_claims(good, jti=None), SECRET),
    "of somebody unknown": lambda good: jwt.encode(_claims(good, jti="f" * 32), SECRET),
    "with a pattern as its id": lambda good: jwt.encode(_claims(good, jti="%"), SECRET),
    "with SQL as its id": lambda good: jwt.encode(_claims(good, jti="' OR '1'='1"), SECRET),
    "tampered: another id": lambda good: _with_payload(good, jti="f" * 32),
    "tampered: a later end": lambda good: _with_payload(good, exp=int(LATER.timestamp()) + 999),
    "tampered: another student": lambda good: _with_payload(good, user_id="ann", attempts=9),
    "cut short": lambda good: good[:-3],
    "not yet valid": lambda good: jwt.encode(_claims(good, nbf=LATER), SECRET),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_invitation_opens_nothing(school: School, forge: Callable[[str], str]) -> None:
    forged = forge(school.invite())
    for response in (school.join(forged), school.look(forged)):
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "invitation_invalid"
    assert (school.sittings(), school.livekit.calls) == (0, 0)


def test_a_used_invitation_does_not_open_a_second_sitting(school: School) -> None:
    invitation = school.invite()
    assert school.join(invitation).status_code == 200
    school.finish()
    replayed = school.join(invitation)
    assert (replayed.status_code, replayed.json()["error"]["code"]) == (409, "invitation_used")
    assert school.sittings() == 1


def test_an_expired_invitation_opens_nothing(school: School) -> None:
    late = school.join(school.invite(expires_in=timedelta(seconds=-1)))
    assert (late.status_code, late.json()["error"]["code"]) == (410, "invitation_expired")
    assert (school.sittings(), school.livekit.calls) == (0, 0)


def test_the_records_hold_the_end_of_an_invitation_too(school: School) -> None:
    """Whoever has the secret cannot lengthen an invitation without the database."""
    expired = school.invite(expires_in=timedelta(seconds=-1))
    assert school.join(sign(_jti(expired), LATER, SECRET)).status_code == 410


def test_nobody_has_another_students_sitting_by_their_own_invitation(school: School) -> None:
    seats = {user: school.join(school.invite(user)).json() for user in ("ann", "bob", "cy")}
    assert len({seat["session_id"] for seat in seats.values()}) == 3
    assert len({seat["room_name"] for seat in seats.values()}) == 3


@pytest.mark.parametrize("by", ["link", "invitation", "jti"])
def test_a_revoked_invitation_lets_nobody_in_again(
    school: School, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    invitation = school.invite()
    assert school.join(invitation).status_code == 200
    names = {
        "link": f"https://exams.example/#invitation={invitation}",
        "invitation": invitation,
        "jti": _jti(invitation),
    }
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{school.database}")
    done = CliRunner().invoke(records_door, ["revoke", names[by]])
    assert (done.exit_code, done.stdout) == (
        0,
        f"The invitation {_jti(invitation)} is withdrawn.\n",
    )
    for response in (school.join(invitation), school.look(invitation)):
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "invitation_invalid"


@pytest.mark.parametrize("name", ["f" * 32, "a.b.c", "https://exams.example/#invitation=", ""])
def test_what_is_no_invitation_cannot_be_revoked(
    school: School, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{school.database}")
    done = CliRunner().invoke(records_door, ["revoke", name])
    assert done.exit_code == 1
    assert done.stderr.startswith("This ")


class TestAChangeOfKeys:
    """The old ones are taken until everybody has the new ones."""

    def test_a_link_that_was_sent_before_is_good_while_its_secret_is_named(
        self, serve: Serve
    ) -> None:
        previous = SecretStr(OTHER_SECRET)
        with serve(invitation_secret_previous=previous) as school:
            for secret in (OTHER_SECRET, SECRET):
                assert school.join(school.invite(secret=secret)).status_code == 200
            late = school.invite("ann", secret=OTHER_SECRET, expires_in=timedelta(seconds=-1))
            assert school.join(late).json()["error"]["code"] == "invitation_expired"
            third = school.invite("cy", secret="t" * 40)
            assert school.join(third).json()["error"]["code"] == "invitation_invalid"

    def test_and_no_longer_when_it_is_not(self, school: School) -> None:
        assert school.join(school.invite(secret=OTHER_SECRET)).status_code == 401

    def test_both_service_keys_start_exams_and_no_third_one(self, serve: Serve) -> None:
        with serve(token_api_key_previous=SecretStr("the-key-before")) as school:
            statuses = [
                school.start("ann", {"authorization": f"Bearer {key}"}).status_code
                for key in (KEY, "the-key-before", "the-key-befor", "", f"{KEY},the-key-before")
            ]
        assert statuses == [200, 200, 401, 401, 401]

    def test_an_unset_previous_key_is_no_empty_key(self, school: School) -> None:
        assert school.start("ann", {"authorization": "Bearer "}).status_code == 401
        assert school.start("ann", {"authorization": "Bearer None"}).status_code == 401

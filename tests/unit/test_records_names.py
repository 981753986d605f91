"""Invitation tokens, dispatch metadata and profiles: what is taken, and what is refused."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from records.dispatch import Dispatch
from records.errors import InvitationExpired, InvitationInvalid
from records.invitations import AUDIENCE, sign, verify
from records.profile import check_profile

pytestmark = pytest.mark.unit

SECRET = "s" * 40
JTI = "0123456789abcdef0123456789abcdef"
LATER = datetime.now(UTC) + timedelta(hours=1)


def forged(claims: dict[str, Any], key: str | None = SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key, algorithm=algorithm)


def claims(**changes: Any) -> dict[str, Any]:
    return {"jti": JTI, "aud": AUDIENCE, "exp": LATER} | changes


def test_a_signed_invitation_is_read_back() -> None:
    token = sign(JTI, LATER, SECRET)
    assert verify(token, SECRET) == JTI
    payload = jwt.decode(token, options={"verify_signature": False})
    assert payload.keys() == {"jti", "aud", "exp"}


@pytest.mark.parametrize(
    "token",
    [
        "",
        "not a token",
        "a.b.c",
        "ä.ö.ü",
        forged(claims(), key="another secret that is long enough, too"),
        forged(claims(), key=None, algorithm="none"),
        forged(claims(), key="h" * 64, algorithm="HS512"),
        forged(claims(aud="voxam-desk")),
        forged(claims(aud=None)),
        forged({"jti": JTI, "aud": AUDIENCE}),
        forged({"aud": AUDIENCE, "exp": LATER}),
        forged(claims(exp="soon")),
        sign(JTI, LATER, SECRET)[:-2],
        sign(JTI, LATER, SECRET) + "\n",
    ],
)
def test_forged_and_mangled_invitations(token: str) -> None:
    with pytest.raises(InvitationInvalid):
        verify(token, SECRET)


def test_an_expired_invitation_still_tells_which_it_was() -> None:
    with pytest.raises(InvitationExpired) as caught:
        verify(sign(JTI, datetime.now(UTC) - timedelta(seconds=1), SECRET), SECRET)
    assert caught.value.jti == JTI


def test_an_expired_invitation_must_be_signed_too() -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    with pytest.raises(InvitationInvalid):
        verify(forged(claims(exp=past), key="another secret that is long enough"), SECRET)


def test_dispatch_metadata() -> None:
    text = Dispatch(JTI).encode()
    assert json.loads(text) == {"v": 1, "session_id": JTI}
    assert Dispatch.parse(text) == Dispatch(JTI)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        ('"x"', "not a JSON object"),
        ("{}", "version None"),
        ({"v": 2, "session_id": JTI}, "version 2"),
        ({"v": True, "session_id": JTI}, "version True"),
        ({"v": 1.0, "session_id": JTI}, "version 1.0"),
        ({"v": "1", "session_id": JTI}, "version '1'"),
        ({"v": 1}, "session_id"),
        ({"v": 1, "session_id": 7}, "session_id"),
        ({"v": 1, "session_id": "../" + JTI}, "session_id"),
        ({"v": 1, "session_id": JTI + "\n"}, "session_id"),
        ({"v": 1, "session_id": JTI, "admin": True}, "unknown fields: ['admin']"),
    ],
)
def test_dispatch_metadata_that_is_refused(text: Any, reason: str) -> None:
    with pytest.raises(ValueError) as caught:
        Dispatch.parse(text if isinstance(text, str) else json.dumps(text))
    assert reason in str(caught.value)


def test_profiles() -> None:
    profile = {"typed": True, "captions": "large", "extra_time": 1.25, "note": "ü"}
    assert check_profile(profile) == profile


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        ({"note": "x" * 3000}, "larger than 2048 bytes"),
        ({"typed": "yes"}, "wrong at typed"),
        ({"own_turn_end": 1}, "wrong at own_turn_end"),
        ({"captions": "A" * 20}, "wrong at captions"),
        ({"note": "\x00"}, "null character"),
        ({"note": "\ud800"}, "cannot express"),
        ({"extra_time": float("inf")}, "cannot express"),
    ],
)
def test_profiles_that_are_refused(profile: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        check_profile(profile)

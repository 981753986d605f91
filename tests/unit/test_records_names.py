"""Invitation tokens, dispatch metadata, profiles and events: what is taken, what is refused."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import jwt
import pytest
from pydantic import BaseModel, ValidationError

import exam_graph.events
import exam_graph.profile
from records.dispatch import Dispatch
from records.errors import InvitationExpired, InvitationInvalid
from records.event_words import WORDS, event_words
from records.invitations import AUDIENCE, sign, verify
from records.profile import PageProfile, Profile
from records.profile_options import field_lines

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


def test_the_rooms_mean_the_same_by_a_profile() -> None:
    """Neither room may import the other, so the model stands in both."""
    assert _rules(Profile) == _rules(exam_graph.profile.Profile)
    assert Profile.model_config == exam_graph.profile.Profile.model_config
    page = PageProfile.model_json_schema()["properties"]
    whole = _rules(Profile)
    assert all(whole[name] == rule for name, rule in page.items())


def _rules(profile: type[BaseModel]) -> dict[str, Any]:
    """The fields with types, bounds and defaults, and not what is said about them."""
    fields = profile.model_json_schema()["properties"]
    return {
        name: {key: value for key, value in rule.items() if key != "description"}
        for name, rule in fields.items()
    }


def test_a_profile_is_kept_as_it_was_given() -> None:
    given = {"typed": True, "captions": "large", "extra_time_percent": 25}
    assert Profile.model_validate(given).as_given() == given
    assert Profile.model_validate({}).as_given() == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("note", "x"),
        ("typed", "yes"),
        ("own_turn_end", 1),
        ("captions", "huge"),
        ("extra_time_percent", 300.1),
        ("extra_time_percent", float("nan")),
        ("extra_time_percent", "25"),
        ("speech_rate", 0.5),
        ("pause_patience", 0.9),
        ("think_factor", 11),
        ("breaks", 1.5),
        ("break_minutes", 0),
    ],
)
def test_profiles_that_are_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        Profile.model_validate({name: value})
    assert [error["loc"] for error in caught.value.errors()] == [(name,)]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"type": "silence", "level": 1}, "silence 1"),
        ({"type": "command", "name": "skip"}, "button skip"),
        ({"type": "sound_lost", "cause": "muted"}, "microphone lost (muted)"),
        ({"type": "sound_lost", "cause": "digital_silence"}, "microphone lost (digital silence)"),
        ({"type": "time_passed", "mark": 5}, "5 min left"),
        ({"type": "time_passed", "mark": 0}, "time is over"),
        ({"type": "not_heard", "utterance": "3.1", "heard_ms": 840}, "cut off after 0.8 s"),
        ({"type": "break_over"}, "break over"),
        ({"type": "of_tomorrow"}, "of tomorrow"),
        ({"type": "silence"}, "silence"),
        ({}, ""),
    ],
)
def test_events_in_words(event: dict[str, Any], words: str) -> None:
    assert event_words(event) == words


def test_every_event_of_the_graph_has_words() -> None:
    events = get_args(get_args(exam_graph.events.Event)[0])
    assert {event.model_fields["type"].default for event in events} == set(WORDS)


def test_the_guide_has_every_field_of_a_profile_with_its_bounds() -> None:
    guide = Path(__file__).parents[2] / "docs" / "profiles.md"
    rows = [line.replace("`", "") for line in guide.read_text(encoding="utf-8").splitlines()]
    for line in field_lines():
        name, values, default = re.fullmatch(r"(\w+) \((.*), default (\S+)\): .*", line).groups()  # type: ignore[union-attr]
        (row,) = [row for row in rows if row.startswith(f"| {name} |")]
        assert row.startswith(f"| {name} | {values}")
        assert f"| {default} |" in row

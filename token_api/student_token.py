"""Mints the token with which a student enters their room: one room, a microphone, no more."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from livekit import api

from records.model import Sitting
from records.naming import student_identity
from token_api.settings import Settings

LIFETIME = timedelta(minutes=10)
"""It matters at the first connect only: LiveKit renews the token of whoever is in the room."""


@dataclass(frozen=True)
class StudentToken:
    token: str
    expires_at: datetime


def mint(sitting: Sitting, settings: Settings) -> StudentToken:
    grants = api.VideoGrants(
        room_join=True,
        room=sitting.room_name,
        can_subscribe=True,
        can_publish=True,
        can_publish_sources=["microphone"],
        can_publish_data=True,
        can_update_own_metadata=False,
    )
    # Rounded down: never promise more than the token holds.
    expires_at = datetime.now(UTC).replace(microsecond=0) + LIFETIME
    token = (
        api.AccessToken(settings.livekit_api_key, settings.livekit_api_secret.get_secret_value())
        .with_identity(student_identity(sitting.user_id))
        .with_grants(grants)
        .with_ttl(LIFETIME)
        .to_jwt()
    )
    return StudentToken(token, expires_at)

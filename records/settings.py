"""What the environment may set, read once."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from records.invitations import SECRET_LENGTH


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    database_url: str = "sqlite:///var/voxam.db"
    public_url: str = "http://127.0.0.1:8000"
    """Where students find the page; invitations link to it."""
    retention_days: int | None = Field(default=None, ge=1)
    """How long a sitting is kept after its end; not set: until it is deleted."""


class InvitationSettings(Settings):
    """What signing an invitation needs on top."""

    invitation_secret: SecretStr = Field(min_length=SECRET_LENGTH)

"""What the environment may set, read once."""

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from records.leases import EXPIRES_S


class SettingsError(Exception):
    """A sentence for each variable that is missing or wrong."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    livekit_url: str = Field(default="ws://127.0.0.1:7880", pattern=r"^(wss?|https?)://[^/\s]+/?$")
    livekit_api_key: str
    livekit_api_secret: SecretStr
    database_url: str = "sqlite:///var/voxam.db"
    public_url: str = "http://127.0.0.1:8000"
    """Where students find the page."""
    keeper_port: int = Field(default=8020, ge=0, le=65535)
    lease_expires_s: float = Field(default=EXPIRES_S, gt=0)
    student_grace_s: float = Field(default=300, gt=0)
    """How long a sitting without examiner waits for its student before it is abandoned."""
    examiner_missing_s: float = Field(default=60, gt=0)
    """After it a student who waits is told that no examiner comes for now."""


def read_settings() -> Settings:
    """Raise SettingsError, which never shows a value."""
    try:
        # pydantic-settings fills the fields from the environment.
        return Settings()  # type: ignore[call-arg, unused-ignore]
    except ValidationError as error:
        problems = [(str(e["loc"][0]).upper(), e["type"], e["msg"]) for e in error.errors()]
    raise SettingsError(
        "\n".join(
            f"{name} is not set." if kind == "missing" else f"{name} is wrong: {reason}."
            for name, kind, reason in problems
        )
    )

"""What the environment may set, read once."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from records.invitations import SECRET_LENGTH


class SettingsError(Exception):
    """A sentence for each variable that is missing or wrong."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    livekit_url: str = Field(default="ws://127.0.0.1:7880", pattern=r"^(wss?|https?)://[^/\s]+/?$")
    livekit_api_key: str
    livekit_api_secret: SecretStr
    database_url: str = "sqlite:///var/voxam.db"
    token_api_key: SecretStr
    invitation_secret: SecretStr = Field(min_length=SECRET_LENGTH)
    student_grace_s: float = Field(default=300, gt=0)
    """How long an absent student is waited for: rooms stay there for longer."""
    web_dist: Path = Path("web/dist")
    """The built page."""


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

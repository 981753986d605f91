"""What the environment may set, read once."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from records.invitations import SECRET_LENGTH
from records.sound_files import DEFAULT as RECORDINGS


class Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True)

    database_url: str = "sqlite:///var/voxam.db"
    desk_key: SecretStr = Field(min_length=SECRET_LENGTH)
    """Signs the cookies of those who have signed in."""
    desk_url: str = Field(default="http://127.0.0.1:8010", pattern=r"^https?://[^/\s]+/?$")
    """Where teachers reach the desk, and students their results."""
    desk_port: int = Field(default=8010, ge=0, le=65535)
    invitation_secret: SecretStr = Field(min_length=SECRET_LENGTH)
    """Signs invitations: by them students see their results."""
    invitation_secret_previous: SecretStr | None = None
    public_url: str = "http://127.0.0.1:8000"
    """Where students take exams; invitations link to it."""
    recordings_url: str = RECORDINGS
    """Where the sound of sittings lies; set to nothing, none is played."""
    trusted_proxies: str = "127.0.0.1,::1"

    @property
    def secure(self) -> bool:
        """Whether browsers reach the desk by https."""
        return self.desk_url.startswith("https://")

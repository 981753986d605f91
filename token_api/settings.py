"""What the environment may set, read once."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from records.invitations import SECRET_LENGTH

_SECRETS = (
    "livekit_api_secret",
    "token_api_key",
    "invitation_secret",
    "token_api_key_previous",
    "invitation_secret_previous",
)


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
    token_api_key: SecretStr
    invitation_secret: SecretStr = Field(min_length=SECRET_LENGTH)
    token_api_key_previous: SecretStr | None = None
    invitation_secret_previous: SecretStr | None = Field(default=None, min_length=SECRET_LENGTH)
    """Taken as well while the ones above are being replaced; nothing new is signed with them."""
    student_grace_s: float = Field(default=300, gt=0)
    """How long an absent student is waited for: rooms stay there for longer."""
    web_dist: Path = Path("web/dist")
    """The built page."""

    starts_per_minute: int = Field(default=500, ge=1)
    """By one service key."""
    rate_limit_url: str = Field(
        default="memory://", pattern=r"^(memory://|(async\+)?rediss?://.+)$"
    )
    """Where several token APIs count together."""
    trusted_proxies: str = "127.0.0.1,::1"
    """Addresses and networks whose X-Forwarded-For tells the client's address; `none`: nobody's."""

    def secrets(self) -> dict[str, str]:
        """By their variables' names; "" for what is not set."""
        named = {name: getattr(self, name) for name in _SECRETS}
        return {
            name.upper(): value.get_secret_value() if value else "" for name, value in named.items()
        }

    @property
    def token_api_keys(self) -> tuple[str, ...]:
        keys = (self.token_api_key, self.token_api_key_previous)
        return tuple(key.get_secret_value() for key in keys if key)

    @property
    def invitation_secrets(self) -> tuple[str, ...]:
        secrets = (self.invitation_secret, self.invitation_secret_previous)
        return tuple(secret.get_secret_value() for secret in secrets if secret)


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

"""What the environment may set, read once."""

from pathlib import Path

from pydantic import Field, SecretStr

from records.invitations import SECRET_LENGTH
from records.starting import ServiceSettings

_SECRETS = (
    "livekit_api_secret",
    "token_api_key",
    "invitation_secret",
    "token_api_key_previous",
    "invitation_secret_previous",
)


class Settings(ServiceSettings):
    token_api_key: SecretStr
    invitation_secret: SecretStr = Field(min_length=SECRET_LENGTH)
    token_api_key_previous: SecretStr | None = None
    invitation_secret_previous: SecretStr | None = Field(default=None, min_length=SECRET_LENGTH)
    """Taken as well while the ones above are being replaced; nothing new is signed with them."""
    student_grace_s: float = Field(default=300, gt=0)
    """How long an absent student is waited for: rooms stay there for longer."""
    web_dist: Path = Path("web/dist")
    """The built page."""
    desk_url: str = Field(default="http://127.0.0.1:8010", pattern=r"^https?://[^/\s]+/?$")
    """Where students find their results."""

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

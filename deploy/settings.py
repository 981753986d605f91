"""What the launcher itself needs to know; all else in the environment is handed on to the parts."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.errors import SettingsWrong

PortNumber = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """Environment variables of the same names, in capitals; an empty one counts as not set."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    livekit_url: str | None = None  # set: that server is used and none is started
    livekit_api_key: str | None = None
    livekit_api_secret: SecretStr | None = None
    deepgram_api_key: SecretStr | None = None
    deepgram_base_url: str | None = None
    database_url: str | None = None
    public_url: str | None = None
    papers_dir: Path = Path("exams")
    var_dir: Path = Path("var")  # database, logs, generated secrets

    livekit_port: PortNumber = 7880
    livekit_tcp_port: PortNumber = 7881
    livekit_udp_port: PortNumber = 7882
    token_api_port: PortNumber = 8000
    desk_port: PortNumber = 8010
    keeper_port: PortNumber = 8020
    grading_port: PortNumber = 8030
    local_providers_port: PortNumber = 8600
    worker_health_port: PortNumber = 8081  # of the first worker; others follow

    @model_validator(mode="after")
    def _keys_belong_to_server(self) -> Self:
        if self.livekit_url and not (self.livekit_api_key and self.livekit_api_secret):
            raise ValueError(
                "LIVEKIT_URL is set, so LIVEKIT_API_KEY and LIVEKIT_API_SECRET "
                "of that server are needed too"
            )
        return self

    @property
    def speaks_locally(self) -> bool:
        """Whether local_providers stands in for Deepgram."""
        return self.deepgram_api_key is None and self.deepgram_base_url is None


def read() -> Settings:
    """The settings of this process's environment. Raises SettingsWrong, never naming a value."""
    try:
        return Settings()
    except ValidationError as error:
        problems = [
            f"{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']}".removeprefix(": ")
            for problem in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsWrong("; ".join(problems).replace("Value error, ", "") + ".") from None

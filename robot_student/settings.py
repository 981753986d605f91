"""What the environment may set, read once."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

LOCAL_SPEECH = "http://127.0.0.1:8600"
DEEPGRAM = "https://api.deepgram.com"


class SpeechSettings(BaseSettings):
    """Where the robot's voice comes from: DEEPGRAM_API_KEY, DEEPGRAM_BASE_URL."""

    model_config = SettingsConfigDict(env_prefix="DEEPGRAM_", env_ignore_empty=True, frozen=True)

    api_key: SecretStr | None = None
    base_url: str | None = None

    @property
    def origin(self) -> str:
        """Without an address of its own: Deepgram where there is a key, else this machine."""
        fallback = DEEPGRAM if self.api_key else LOCAL_SPEECH
        return (self.base_url or fallback).rstrip("/")


class Manners(BaseSettings):
    """How the robot takes turns. Seconds, unless the name says otherwise (ROBOT_QUIET_S, …)."""

    model_config = SettingsConfigDict(env_prefix="ROBOT_", env_ignore_empty=True, frozen=True)

    quiet_s: Annotated[float, Field(gt=0)] = 0.5
    """Silence of the examiner after which it is the student's turn."""
    opening_quiet_s: Annotated[float, Field(gt=0)] = 1.0
    """The same in sound check and practice, whose phase does not tell who speaks."""
    idle_s: Annotated[float, Field(gt=0)] = 25.0
    """When nothing at all happens for so long, the robot says something, once."""
    press_s: Annotated[float, Field(gt=0)] = 3.0
    """After a button that the examiner does not answer aloud, the turn comes back."""
    arrival_s: Annotated[float, Field(gt=0)] = 60.0
    """Longest wait for an examiner who is ready."""
    ready_s: Annotated[float, Field(gt=0)] = 15.0
    """Longest time for which `exam.ready` is tried again."""
    audible_dbfs: Annotated[float, Field(lt=0)] = -45.0
    """RMS of a 10 ms window from which on it counts as heard."""

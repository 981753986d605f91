"""What the environment may set, read once."""

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from grading.doubt import THRESHOLD as DOUBT
from grading.panel import THRESHOLD
from records.prices import provider_at

GROQ_URL = "https://api.groq.com/openai/v1"
#: As of November 2026 (console.groq.com/docs/models, /docs/deprecations).
MODELS = "openai/gpt-oss-120b,openai/gpt-oss-20b,qwen/qwen3.6-27b"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_ignore_empty=True, frozen=True)

    database_url: str = "sqlite:///var/voxam.db"
    groq_api_key: SecretStr | None = None
    groq_base_url: str = GROQ_URL
    """Any OpenAI-compatible server."""
    grading_models: str = MODELS
    """With commas between. Each is one grader."""
    grading_disagreement: float = Field(default=THRESHOLD, ge=0, le=1)
    """Share of a question's marks by which graders may differ."""
    grading_doubt: float = Field(default=DOUBT, ge=0, le=1)
    """Words that the recogniser was less sure of are flagged where a mark rests on them."""
    grading_at_once: int = Field(default=2, ge=1, le=64)
    """Sittings that one process marks side by side."""
    grading_calls_at_once: int = Field(default=4, ge=1, le=64)
    """Calls to one model side by side, of all sittings together."""
    grading_call_timeout_s: float = Field(default=60, gt=0)
    grading_patience_s: float = Field(default=120, gt=0)
    """For so long a call is tried again; then the grading is put off."""
    grading_put_off_s: float = Field(default=30, gt=0)
    """The first time; then twice as long each time, up to a quarter of an hour."""
    grading_tries: int = Field(default=30, ge=1)
    """After so many, what could not be marked is told to a person."""
    grading_renew_s: float = Field(default=1, gt=0)
    grading_expires_s: float = Field(default=10, gt=0)
    """A grader whose beat stands still for so long is dead."""
    grading_port: int = Field(default=8030, ge=0, le=65535)

    @field_validator("grading_models")
    @classmethod
    def _some_models(cls, given: str) -> str:
        if not [name for name in given.split(",") if name.strip()]:
            raise ValueError("names no model")
        return given

    @property
    def models(self) -> list[str]:
        """None without a server to ask: then keywords mark, provisionally."""
        if self.groq_api_key is None and self.provider == "groq":
            return []
        return [name.strip() for name in self.grading_models.split(",") if name.strip()]

    @property
    def provider(self) -> str:
        """Whose prices hold."""
        return provider_at(self.groq_base_url)

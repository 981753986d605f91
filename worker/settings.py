"""The worker's settings, read once from the environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

LOCAL_PROVIDERS = "http://127.0.0.1:8600"
#: The plugins want a key; the local providers do not look at it.
LOCAL_KEY = "served-locally"


class Settings(BaseSettings):
    """Every field is the environment variable of its name in capitals."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    livekit_url: str = "ws://127.0.0.1:7880"
    livekit_api_key: str = ""
    livekit_api_secret: SecretStr = SecretStr("")

    deepgram_api_key: SecretStr | None = None
    deepgram_base_url: str | None = Field(default=None, description="an origin, http or https")
    voice: str = Field(default="aura-2-orion-en", validation_alias="EXAMINER_VOICE")

    local_tts_voice: str = Field(default="", description="local_providers' voice")

    groq_api_key: SecretStr | None = None
    groq_base_url: str = "https://api.groq.com/openai/v1"
    groq_model: str = "openai/gpt-oss-20b"
    groq_deadline_ms: int = Field(default=400, gt=0, description="after it, rules decide")
    groq_token_budget: int = Field(
        default=400_000, ge=0, description="total tokens of one exam; then rules decide"
    )

    database_url: str = "sqlite:///var/voxam.db"
    papers_dir: Path = Path("exams")

    speech_cache_dir: Path = Path("var/speech")
    speech_cache_mb: int = Field(default=512, ge=0, description="0: nothing is kept on disk")

    worker_health_port: int = Field(default=8081, ge=0, le=65535)
    max_exams: int = Field(default=10, ge=1, description="exams this worker holds at once")
    idle_processes: int = Field(default=1, ge=0, description="job processes kept warm")
    exam_memory_mb: int = Field(
        default=150, ge=0, description="must be free, or no new exam is taken"
    )
    cpu_limit: float = Field(
        default=0.9, gt=0, le=1, description="share of the CPU in use; beyond it none is taken"
    )
    job_memory_limit_mb: int = Field(
        default=512, ge=0, description="a job that takes more is ended; 0: no limit"
    )
    exam_deadline_minutes: float | None = Field(
        default=None, gt=0, description="no job lives longer; by default what its paper may need"
    )
    metrics_port: int = Field(default=0, ge=0, le=65535, description="on 127.0.0.1; 0: none")

    @property
    def deepgram_origin(self) -> str:
        """Where Deepgram's protocols are spoken: as set, else Deepgram with a key, else locally."""
        if self.deepgram_base_url:
            return self.deepgram_base_url.rstrip("/")
        return "https://api.deepgram.com" if self.deepgram_api_key else LOCAL_PROVIDERS

    @property
    def deepgram_key(self) -> str:
        return self.deepgram_api_key.get_secret_value() if self.deepgram_api_key else LOCAL_KEY

    @property
    def groq_key(self) -> str | None:
        """None: no model is asked, rules alone understand."""
        return self.groq_api_key.get_secret_value() if self.groq_api_key else None

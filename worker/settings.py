"""The worker's settings, read once from the environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from records.leases import EXPIRES_S, RENEW_S

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
    public_url: str = "http://127.0.0.1:8000"
    papers_dir: Path = Path("exams")

    speech_cache_dir: Path = Path("var/speech")
    speech_cache_mb: int = Field(default=512, ge=0, description="0: nothing is kept on disk")

    student_grace_s: float = Field(
        default=300, gt=0, description="how long an absent student is waited for"
    )
    absence_limit_s: float = Field(
        default=600, ge=0, description="absences in all; beyond it they are flagged"
    )
    lease_renew_s: float = Field(default=RENEW_S, gt=0)
    lease_expires_s: float = Field(default=EXPIRES_S, gt=0)

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

    # -- providers that fail (worker/listening.py, worker/mouth.py) --

    fallback_deepgram_base_url: str | None = Field(
        default=None, description="another origin of Deepgram's protocols, tried when ours fails"
    )
    fallback_deepgram_api_key: SecretStr | None = None
    fallback_voice: str = Field(default="", description="speaks when EXAMINER_VOICE fails")
    tts_timeout_s: float = Field(
        default=3.0, gt=0, description="to the first sound of the voice, and between two pieces"
    )
    voice_rest_s: float = Field(
        default=30.0, gt=0, description="a voice that failed is not asked for so long"
    )
    provider_exams: int = Field(
        default=0, ge=0, description="exams at once that the speech provider carries; 0: no limit"
    )

    @property
    def exams_at_once(self) -> int:
        """What this worker takes: more would be refused by the provider in mid-exam."""
        return min(self.max_exams, self.provider_exams or self.max_exams)

    @property
    def fallback_origin(self) -> str:
        return (self.fallback_deepgram_base_url or self.deepgram_origin).rstrip("/")

    @property
    def fallback_key(self) -> str:
        """Our key is for our provider: another one has its own, or needs none."""
        if self.fallback_deepgram_api_key is not None:
            return self.fallback_deepgram_api_key.get_secret_value()
        return LOCAL_KEY if self.fallback_deepgram_base_url else self.deepgram_key

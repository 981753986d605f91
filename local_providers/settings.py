"""What can be set from the environment."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read once, at start."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    local_stt_model: str | None = None
    """A faster-whisper model: a folder, or a name it downloads. None: the tiny.en that pip got."""
    local_stt_threads: int = Field(default=2, ge=1)
    local_tts_voice: str | None = None
    """A Piper voice, the path of its .onnx file. None: the one that pip got."""
    local_tts_threads: int = Field(default=2, ge=1)

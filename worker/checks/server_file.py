"""livekit-server's own configuration, where the doctor can read it."""

from pathlib import Path
from typing import Any

import yaml


def read_config(path: Path) -> dict[str, Any] | None:
    """None where there is no such file. Raises ValueError if it is no configuration."""
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError):
        return None
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{path} cannot be read") from None
    try:
        config = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ValueError(f"{path} is not YAML") from None
    if not isinstance(config, dict):
        raise ValueError(f"{path} holds no settings")
    return config

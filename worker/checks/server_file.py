"""livekit-server's own configuration, where the doctor can read it."""

from pathlib import Path
from typing import Any

import yaml

MEND = "Run the doctor where livekit-server runs, with LIVEKIT_CONFIG set to its file."


def read_config(path: Path | None) -> dict[str, Any]:
    """Raises ValueError with the reason why nothing is known of it."""
    if path is None:
        raise ValueError("LIVEKIT_CONFIG is not set")
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"{path} cannot be read") from None
    except yaml.YAMLError:
        raise ValueError(f"{path} is not YAML") from None
    if not isinstance(config, dict):
        raise ValueError(f"{path} holds no settings")
    return config

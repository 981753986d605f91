"""The stand-ins' log: one JSON object a line, times in seconds of `time.monotonic()`."""

import json
import time
from pathlib import Path
from typing import Any, Literal

Provider = Literal["flux", "aura", "groq"]


class Log:
    """A file that always holds what was written so far. `socket` names a client's connection."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file.open("a", buffering=1, encoding="utf-8")

    def write(
        self, provider: Provider, socket: str, event: str, at: float | None = None, **fields: Any
    ) -> None:
        """One event, that happens now or happened `at`."""
        moment = time.monotonic() if at is None else at
        entry = {"t": round(moment, 6), "provider": provider, "socket": socket, "event": event}
        self._file.write(json.dumps(entry | fields) + "\n")

    def close(self) -> None:
        self._file.close()

"""Logs of a run: JSON lines, each with the time `t`, in seconds of `time.monotonic()`."""

import json
import time
from pathlib import Path
from typing import Any

Event = dict[str, Any]


class Log:
    """Appends events to a file, each at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", buffering=1)

    def write(self, what: str, at: float | None = None, **more: object) -> None:
        """`at`: when it happened, if not now."""
        event = {"t": round(time.monotonic() if at is None else at, 6), "what": what, **more}
        self._file.write(json.dumps(event) + "\n")

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> list[Event]:
    """All events in the order of their times; none if there is no such file."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines()
    events: list[Event] = [json.loads(line) for line in lines if line.strip()]
    return sorted(events, key=lambda event: float(event["t"]))

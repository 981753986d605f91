"""The whole contract between the student's page and the examiner."""

import json
from dataclasses import dataclass
from typing import Literal

AGENT_NAME = "examiner"
IDENTITY = "examiner"
NOTICE_TOPIC = "voxam.notice"

PagePhase = Literal[
    "waiting",
    "soundcheck",
    "practice",
    "asking",
    "listening",
    "thinking",
    "paused",
    "closing",
    "finished",
]
Level = Literal["info", "warning", "error"]

RPC_READY = "exam.ready"
RPC_REPEAT = "exam.repeat"
RPC_SKIP = "exam.skip"
RPC_PAUSE = "exam.pause"
RPC_DONE = "exam.done"
RPC_END = "exam.end"
RPC_OK = json.dumps({"ok": True})


@dataclass(frozen=True)
class View:
    """What the page shows of the exam. Every participant can read it: nothing secret."""

    phase: PagePhase
    number: int = 0
    count: int = 0
    ask: dict[str, object] | None = None
    remaining_ms: int = 0
    clock_runs: bool = False

    def attributes(self) -> dict[str, str]:
        """The participant attributes of the examiner."""
        return {
            "voxam.phase": self.phase,
            "voxam.question": f"{self.number}/{self.count}" if self.number else "",
            "voxam.ask": json.dumps(self.ask) if self.ask else "",
            "voxam.remaining_ms": str(self.remaining_ms),
            "voxam.clock": "running" if self.clock_runs else "paused",
        }


def notice(code: str, level: Level, text: str) -> str:
    """A message for the page's notice line, on topic `voxam.notice`."""
    return json.dumps({"code": code, "level": level, "text": text})

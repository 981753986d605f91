"""A message for the line of notices on the student's page, from whoever has something to tell."""

import json
from dataclasses import dataclass
from typing import Literal

NOTICE_TOPIC = "voxam.notice"

Level = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Notice:
    """Sent as JSON on the room's data topic `voxam.notice`; the page knows each `code`."""

    code: str
    level: Level
    text: str

    def encode(self) -> str:
        return json.dumps({"code": self.code, "level": self.level, "text": self.text})

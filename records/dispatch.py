"""The metadata of an examiner's dispatch: `{"v": 1, "session_id": …}` and nothing else.

Everybody in a room can read it, so it names the sitting and tells nothing about it.
"""

import json
import re
from dataclasses import dataclass

#: Under which name the examiner is dispatched. [`worker/server.py` registers it]
AGENT_NAME = "examiner"
#: Under which identity it is in the room: never two of it.
EXAMINER_IDENTITY = "examiner"
VERSION = 1
_SESSION_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Dispatch:
    session_id: str

    def encode(self) -> str:
        return json.dumps({"v": VERSION, "session_id": self.session_id})

    @classmethod
    def parse(cls, text: str) -> "Dispatch":
        """Raise ValueError with the reason for anything that `encode` would not have written."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("the dispatch metadata is not JSON") from None
        if not isinstance(data, dict):
            raise ValueError("the dispatch metadata is not a JSON object")
        if unknown := data.keys() - {"v", "session_id"}:
            raise ValueError(f"the dispatch metadata has unknown fields: {sorted(unknown)}")
        version = data.get("v")
        if isinstance(version, bool) or version != VERSION or not isinstance(version, int):
            raise ValueError(f"the dispatch metadata is of version {version!r}, not {VERSION}")
        session_id = data.get("session_id")
        if not isinstance(session_id, str) or not _SESSION_ID.fullmatch(session_id):
            raise ValueError("the dispatch metadata has no valid session_id")
        return cls(session_id)

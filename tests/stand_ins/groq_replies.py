"""What a scripted Groq can reply: what the model writes, and all that can go wrong."""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Literal

#: refused: `status` and `error`; held: no reply until the server closes; cut: the connection
#: breaks in mid-reply; garbled: half a JSON body; page: a web page, as a proxy may send.
Fault = Literal["", "refused", "held", "cut", "garbled", "page"]


@dataclass(frozen=True)
class Scripted:
    """One reply. `content` is what the model writes; `tokens` the usage, None: not told."""

    content: str = ""
    tokens: int | None = 420
    fault: Fault = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    error: dict[str, Any] = field(default_factory=dict)

    def costing(self, tokens: int | None) -> "Scripted":
        return replace(self, tokens=tokens)


def answering(intent: str, *covered: str, **fields: Any) -> Scripted:
    """A reading of a turn that keeps to the schema; `fields`: target, content, unfinished, …"""
    return Scripted(json.dumps(reading(intent, *covered, **fields)))


def reading(intent: str, *covered: str, **fields: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {"target": None, "content": False, "unfinished": False, "notices": []}
    return {"intent": intent, "covered": list(covered), **plain, **fields}


def probing(probe: str) -> Scripted:
    """A follow-up question that keeps to the schema."""
    return Scripted(json.dumps({"probe": probe}))


def writing(content: str) -> Scripted:
    """Whatever a model may write instead."""
    return Scripted(content)


def rate_limited(retry_after: str = "7") -> Scripted:
    return Scripted(
        fault="refused",
        status=429,
        headers={"retry-after": retry_after},
        error={"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"},
    )


NOT_JSON = Scripted(
    fault="refused",
    status=400,
    error={
        "message": "Generated JSON does not match the expected schema.",
        "type": "invalid_request_error",
        "code": "json_validate_failed",
        "failed_generation": "{",
    },
)
OVERLOADED = Scripted(
    fault="refused",
    status=503,
    error={"message": "Service unavailable", "type": "internal_server_error"},
)
SILENT = Scripted(fault="held")
CUT = Scripted(fault="cut")
GARBLED = Scripted(fault="garbled")
PAGE = Scripted(fault="page")

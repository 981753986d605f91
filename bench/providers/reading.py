"""What the model stand-in writes where a JSON schema is asked for: what the script knows."""

import json
from typing import Any

from bench.script import Line, Script


def reading(script: Script, schema: dict[str, Any], message: str) -> dict[str, Any]:
    """Fits `schema`. `message` is the user's, JSON with `said` and `answer_so_far` or plain."""
    data = _data(message)
    said = str(data.get("said", message))
    line = script.said_last(said)
    known: dict[str, Any] = {
        "intent": line.intent if line else "answer",
        "covered": sorted(script.covered(f"{data.get('answer_so_far', '')} {said}")),
        "unfinished": script.breaks_off(said),
    }
    if known["intent"] != "answer":
        known["covered"], known["unfinished"] = [], False
    return {
        name: _fitting(wanted, known.get(name)) for name, wanted in schema["properties"].items()
    }


def said_in(message: str) -> str:
    """What the student said, in the message of a system that wraps it or not."""
    return str(_data(message).get("said", message))


def line_of(script: Script, message: str) -> Line | None:
    return script.said_last(said_in(message))


def _data(message: str) -> dict[str, Any]:
    try:
        data = json.loads(message)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _fitting(wanted: dict[str, Any], value: Any) -> Any:
    """The value as far as the schema allows it, else the emptiest that it does."""
    kind = wanted.get("type")
    if isinstance(kind, list):
        return None if "null" in kind and value is None else value
    if kind == "array":
        allowed = wanted["items"].get("enum")
        return [each for each in value or () if allowed is None or each in allowed]
    if kind == "boolean":
        return bool(value)
    if kind == "object":
        return {name: _fitting(each, None) for name, each in wanted["properties"].items()}
    if kind in ("integer", "number"):
        return value or 0
    if "enum" in wanted:
        return value if value in wanted["enum"] else wanted["enum"][0]
    return value or ""

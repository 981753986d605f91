"""The prompts of grading/prompts, read once each."""

import hashlib
import json
from functools import cache
from importlib import resources

from records.model import Json

_NAMES = ("grading", "deliberation", "repair")


@cache
def prompt(name: str) -> str:
    """The text of grading/prompts/NAME.md."""
    return (resources.files("grading") / "prompts" / f"{name}.md").read_text(encoding="utf-8")


def schema(points: tuple[str, ...]) -> Json:
    """What a reply has to look like. Strict mode wants every field required, no others allowed."""
    entry = _closed(
        {
            "id": {"type": "string", "enum": list(points)},
            "marks": {"type": "number"},
            "quotes": {"type": "array", "items": {"type": "string"}},
            "reason": {"type": "string"},
        }
    )
    return _closed({"points": {"type": "array", "items": entry}, "why": {"type": "string"}})


@cache
def prompt_hash() -> str:
    """SHA-256 of all prompts and of the form of a reply: what a mark was made with."""
    made_of = [*map(prompt, _NAMES), schema(("…",))]
    return hashlib.sha256(json.dumps(made_of, ensure_ascii=False).encode()).hexdigest()


def _closed(properties: Json) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }

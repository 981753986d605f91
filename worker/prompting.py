"""The prompts of worker/prompts, read once each."""

from functools import cache
from importlib import resources


@cache
def prompt(name: str) -> str:
    """The text of worker/prompts/NAME.md."""
    return (resources.files("worker") / "prompts" / f"{name}.md").read_text(encoding="utf-8")

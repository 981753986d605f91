"""Writes a paper as YAML, as an author would, with comments on what is still to be done."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from exam_graph.imported import Draft, Heading

#: A question takes about so long: asked, thought about, answered.
_MINUTES_EACH = 3
_LONGEST_MINUTES = 240
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_FIRST = ("id", "kind", "ask", "say", "clarify", "think_seconds", "marks", "options", "correct")


def heading(source: str, known: Heading, paper_id: str, count: int) -> str:
    """Everything above the questions."""
    minutes = known.minutes or min(
        _LONGEST_MINUTES, max(5, 5 * math.ceil(count * _MINUTES_EACH / 5))
    )
    guessed = "" if known.minutes else "  # guessed from the number of questions"
    lines = [
        f"# Made from {_comment(source)}. Read it before you publish it, and check it:",
        f"#   python -m exam_graph check {paper_id}.yaml",
        f"id: {_scalar(paper_id)}",
        f"title: {_scalar(known.title or paper_id)}",
        f"language: {known.language}",
        "mode: exam",
        f"duration_minutes: {minutes:g}{guessed}",
        "questions:" if count else "questions: []",
    ]
    return "\n".join(lines) + "\n"


def question(content: Mapping[str, Any], hints: Sequence[str] = ()) -> str:
    """One question, with comments above it."""
    lines = [f"  # {_comment(hint)}" for hint in hints]
    rest = [name for name in content if name not in _FIRST]
    start = "  - "
    for name in [*_FIRST, *rest]:
        if name in content:
            lines += [start + first for first in _field(name, content[name])][:1]
            lines += ["    " + more for more in _field(name, content[name])[1:]]
            start = "    "
    return "\n".join(lines) + "\n"


def as_comment(draft: Draft, content: Mapping[str, Any]) -> str:
    """A question that waits for its author."""
    lines = question(content).rstrip("\n").split("\n")
    what = f"{draft.to_complete} Then take away the “# ” before its lines."
    return "\n".join([f"  # TO COMPLETE: {_comment(what)}", *(f"  # {line}" for line in lines), ""])


def _field(name: str, value: Any) -> list[str]:
    if name == "points":
        return ["points:", *(f"  - {_flow(point)}" for point in value)]
    if name in ("options", "hints"):
        return [f"{name}:", *(f"  - {_flow(each)}" for each in value)]
    return [f"{name}: {_flow(value)}"]


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(each) for each in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, str) and _WORD.fullmatch(value) and yaml.safe_load(value) == value:
        return value
    quoted = '"' if isinstance(value, str) else None
    written: str = yaml.safe_dump(value, default_style=quoted, allow_unicode=True, width=math.inf)
    return written.removesuffix("\n...\n").removesuffix("\n")


def _comment(text: str) -> str:
    """On one line, and without what YAML does not read even in a comment."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())

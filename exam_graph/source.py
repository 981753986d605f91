"""A YAML file as plain values, and the line of each: everything a paper needs of YAML, no more.

Refused are what can hide or multiply content: anchors and aliases, tags, duplicate keys, merge
keys, several documents, deep nesting, files above 256 KB.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

# Parts that pydantic adds to an error's location where a model has a union.
UNION_TAGS = frozenset({"open", "choice", "short", "as_number", "as_text"})

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """Something wrong with the file itself. Lines count from 1."""

    line: int
    field: str
    code: str
    reason: str


class SourceError(Exception):
    """The file cannot be read as plain values."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(fault.reason for fault in faults))
        self.faults = list(faults)


@dataclass(frozen=True)
class Source:
    """What the file says, and where."""

    path: Path
    content: Any
    lines: dict[Location, int] = field(repr=False)

    def line(self, location: Location) -> int:
        """The line of that place, or of the nearest enclosing one that the file has."""
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def place(self, location: Sequence[str | int]) -> Location:
        """A pydantic location without the parts that the file does not have (union tags).

        The last part stays, so that a missing field keeps its name.
        """
        place: Location = ()
        for part in location[:-1]:
            if (*place, part) in self.lines:
                place = (*place, part)
        if not location:
            return place
        last = (*place, location[-1])
        is_tag = location[-1] in UNION_TAGS and last not in self.lines
        return place if is_tag else last


def read_source(path: Path) -> Source:
    """Raises SourceError with every fault found."""
    text = _read_text(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise SourceError([Fault(1, "", "empty", "the file is empty")])
        reader = _Reader(loader)
        content = reader.read(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise SourceError([Fault(line, "", "yaml_syntax", _sentence(error))]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        reason = f"holds the character U+{ord(text[error.position]):04X}, which YAML does not allow"
        raise SourceError([Fault(line, "", "yaml_syntax", reason)]) from None
    if reader.faults:
        raise SourceError(reader.faults)
    return Source(path, content, reader.lines)


def _read_text(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            reason = f"the file has {size // 1024} KB; a paper has at most {MAX_BYTES // 1024} KB"
            raise SourceError([Fault(1, "", "too_large", reason)])
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SourceError([Fault(line, "", "not_utf8", "the file is not UTF-8 text")]) from None
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or error}"
        raise SourceError([Fault(1, "", "unreadable", reason)]) from None


def _sentence(error: yaml.MarkedYAMLError) -> str:
    parts = [part for part in (error.context, error.problem) if part]
    return f"is not valid YAML: {', '.join(parts)}"


class _Loader(yaml.SafeLoader):
    """Composes nodes; refuses aliases and deep nesting before they can cost anything."""

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="anchors and aliases (& and *) are not allowed; text that begins so "
                "wants quotes",
                problem_mark=event.start_mark,
            )
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise yaml.MarkedYAMLError(
                problem="is nested too deeply", problem_mark=event.start_mark
            )
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


class _Reader:
    """Turns nodes into plain values, keeping the line of every key and element."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader
        self.lines: dict[Location, int] = {}
        self.faults: list[Fault] = []

    def read(self, node: yaml.Node, location: Location) -> Any:
        self.lines.setdefault(location, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.read(each, (*location, i)) for i, each in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, location)
        return self._fault(node, location, "tag", f"the tag {node.tag} is not allowed")

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._fault(key, location, "bad_key", "a field's name has to be a word")
                continue
            inner = (*location, key.value)
            if key.value in values:
                first = self.lines[inner]
                self._fault(key, inner, "duplicate_key", f"stands here twice (line {first} too)")
                continue
            self.lines[inner] = key.start_mark.line + 1
            values[key.value] = self.read(value, inner)
        return values

    def _scalar(self, node: yaml.ScalarNode, location: Location) -> Any:
        try:
            return self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            reason = f"“{node.value[:40]}” cannot be read; put it in quotes if it is text"
            return self._fault(node, location, "bad_value", reason)

    def _fault(self, node: yaml.Node, location: Location, code: str, reason: str) -> None:
        self.faults.append(Fault(node.start_mark.line + 1, dotted(location), code, reason))


def dotted(location: Sequence[str | int]) -> str:
    """A location as authors read it: `questions[2].points[0].marks`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).lstrip(".")

"""One warning for an author."""

from dataclasses import dataclass

from exam_graph.source import Location


@dataclass(frozen=True)
class Advice:
    """One warning: where, a stable code, and the reason in plain words."""

    location: Location
    code: str
    reason: str

"""What a part is: one program that the supervisor runs, and how to know that it is ready."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Part:
    """One program of a running Voxam.

    A service is ready when GET `ready_url` answers 200 and, if `ready_log` is set, those words are
    in its log. A step has no `ready_url`: it is ready when it has ended with exit code 0.
    """

    name: str
    command: tuple[str, ...]
    ready_url: str | None = None
    ready_log: str | None = None
    timeout_s: float = 120.0
    after: frozenset[str] = frozenset()  # names of the parts that must be ready before it starts
    env: Mapping[str, str] = field(default_factory=dict)
    stop_timeout_s: int = 5  # from SIGTERM to SIGKILL of its whole process group
    note: str = ""  # shown beside it once it is ready

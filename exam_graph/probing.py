"""Follow-up questions that a model writes, where a paper allows them."""

from dataclasses import dataclass
from typing import Protocol

#: What stands for a probe of a model's among the ids of the points that were probed.
GENERATED = "generated"


@dataclass(frozen=True)
class ProbeRequest:
    """All that the writer gets to see: nothing of the answer key."""

    question: str
    answer: str
    asked: tuple[str, ...] = ()


class ProbeWriter(Protocol):
    """May take its time up to its own deadline; never raises."""

    async def write(self, request: ProbeRequest) -> str | None:
        """One question about the answer, None if there is none in time. Not checked yet."""

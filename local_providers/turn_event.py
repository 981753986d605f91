"""What happens in a turn, as Flux names it."""

from dataclasses import dataclass
from typing import Literal

from local_providers.transcript import Transcript

Event = Literal["StartOfTurn", "Update", "EagerEndOfTurn", "TurnResumed", "EndOfTurn"]
Trigger = Literal["model", "manual", "timeout"]


@dataclass(frozen=True, slots=True)
class TurnEvent:
    """Times in seconds into the stream; `trigger`, what ended the turn, on EndOfTurn only."""

    event: Event
    turn_index: int
    window_start: float
    window_end: float
    transcript: Transcript
    confidence: float
    trigger: Trigger | None = None

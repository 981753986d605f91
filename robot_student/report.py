"""The report of one exam, as JSON. `*_s` are seconds since `POST /join`, `*_ms` milliseconds."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel

TurnKind = Literal["say", "pause_inside", "barge_in", "press", "wait", "mute", "idle"]


class Spread(BaseModel):
    """Percentiles of `n` measurements, linear between neighbours; None where n is 0."""

    n: int
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        if not values:
            return cls(n=0)
        p50, p95, p99 = (round(float(p), 1) for p in np.percentile(values, [50, 95, 99]))
        return cls(n=len(values), p50=p50, p95=p95, p99=p99, max=round(max(values), 1))


class Turn(BaseModel):
    """One thing the robot did."""

    number: int
    kind: TurnKind
    phase: str
    question: str
    """Id of the question; "" in sound check and practice."""
    asked: bool = False
    """The question's own words were in the captions since the turn before."""
    heard_captions: list[str] = []
    said: str
    """Words, or the name of the button."""
    at_s: float
    until_s: float
    wait_ms: float | None = None
    """Last sample of speech sent, to first audible sample received."""
    barge_in_ms: float | None = None
    """First sample of the interruption sent, to last audible sample of what it interrupted."""
    cut_off: bool = False
    """The examiner began to speak before the robot had finished."""


class Stretch(BaseModel):
    at_s: float
    until_s: float


class Reply(BaseModel):
    """What was heard of the examiner between two turns; times fit heard.wav."""

    after_turn: int
    """Number of the turn it follows; 0 for the first words."""
    at_s: float
    until_s: float
    stretches: list[Stretch]
    text: str
    """Its captions."""


class CaptionLine(BaseModel):
    at_s: float
    who: Literal["examiner", "student"]
    text: str
    final: bool


class Notice(BaseModel):
    at_s: float
    code: str
    level: str
    text: str


class Report(BaseModel):
    exam: str
    session_id: str | None = None
    room: str | None = None
    completed: bool = False
    failure: str | None = None
    """Why it did not complete, in one sentence."""
    phase: str = "waiting"
    started_at: datetime
    duration_s: float = 0.0
    join_to_first_word_ms: float | None = None
    connect_to_first_word_ms: float | None = None
    waits_ms: Spread = Spread(n=0)
    """Waits after spoken answers, interruptions left out."""
    barge_in_ms: Spread = Spread(n=0)
    cut_offs: int = 0
    turns: list[Turn] = []
    replies: list[Reply] = []
    captions: list[CaptionLine] = []
    notices: list[Notice] = []
    errors: list[str] = []

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")

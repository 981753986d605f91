"""What the examiner makes of a turn: the types, and the Protocol its implementations follow.

`rules.RulesUnderstanding` is always there; a model behind the same Protocol is passed in by the
caller. Neither sees the clock, the record or another question.
"""

from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

from exam_graph.paper import Language, Question

Intent = Literal[
    "answer",
    "repeat",
    "skip",
    "dont_know",
    "time_left",
    "questions_left",
    "clarify",
    "think",
    "yes",
    "no",
    "continue",
    "pause",
    "end",
    "off_topic",
    "unclear",
]
INTENTS: tuple[Intent, ...] = get_args(Intent)

Source = Literal["rules", "model"]
SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True)
class Heard:
    """A student's turn as transcribed. `confidence` is the recogniser's mean (0 to 1), if any."""

    text: str
    confidence: float | None = None


@dataclass(frozen=True)
class Context:
    """Where the exam stands while a turn is understood.

    question: the open question; None before the first and after the last
    answer_so_far: the student's words kept for it, without this turn
    phase: the examiner's phase (`voxam.phase`)
    asked: the examiner's last words that want an answer (question or probe)
    confirming: whether the student was just asked for a yes or a no
    """

    question: Question | None = None
    answer_so_far: str = ""
    phase: str = "listening"
    asked: str = ""
    confirming: bool = False
    language: Language = "en"


@dataclass(frozen=True)
class Understood:
    """What one turn means.

    covered: ids of the points that the whole answer has reached, in the paper's order
    choice: indexes of the options that were named, in the paper's order; several: unclear which
    doubtful: rules decided where a model would have known better
    """

    intent: Intent
    covered: tuple[str, ...] = ()
    choice: tuple[int, ...] = ()
    source: Source = "rules"
    doubtful: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values, kept in the record for a replay."""
        return {
            "intent": self.intent,
            "covered": list(self.covered),
            "choice": list(self.choice),
            "source": self.source,
            "doubtful": self.doubtful,
        }

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> "Understood":
        """The counterpart of `to_dict`. ValueError for an intent or a source it does not know."""
        if kept["intent"] not in INTENTS or kept["source"] not in SOURCES:
            raise ValueError(f"not an understanding: {kept['intent']!r} by {kept['source']!r}")
        return cls(
            intent=kept["intent"],
            covered=tuple(kept["covered"]),
            choice=tuple(kept["choice"]),
            source=kept["source"],
            doubtful=bool(kept["doubtful"]),
        )


class Understanding(Protocol):
    """May take its time up to its own deadline; never raises for what a student says."""

    async def understand(self, heard: Heard, context: Context) -> Understood: ...

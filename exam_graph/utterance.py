"""What the examiner says: one typed utterance."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

UtteranceKind = Literal[
    "greeting",
    "soundcheck",
    "practice",
    "acknowledgement",
    "question",
    "options",
    "probe",
    "clarification",
    "time",
    "count",
    "redirect",
    "warning",
    "confirmation",
    "pause",
    "welcome_back",
    "closing",
    "excerpt",
    "checkin",
    "decline",
    "technical",
    "information",
    "hint",
    "feedback",
    "explanation",
]

#: The kinds that ask something: they count only when they were heard to their end.
ASKING: frozenset[str] = frozenset({"soundcheck", "practice", "question", "options", "probe"})


@dataclass(frozen=True)
class Utterance:
    """`text` is shown, `say` is spoken; `authored` words come from paper or phrase book.

    slow: to be spoken more slowly than the rest
    """

    kind: UtteranceKind
    text: str
    say: str
    authored: bool = True
    question_id: str | None = None
    slow: bool = False

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

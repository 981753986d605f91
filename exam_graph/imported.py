"""What comes of a file that is made into a paper: its questions, and what is to be said of them.

Exception
└── ImportingError      nothing of the file can be used
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

#: left_out: it is not in the paper; to_complete: it stands there as a comment, until its author
#: has completed it; look_at: it is in the paper, and something of it was changed or dropped.
NoteKind = Literal["left_out", "to_complete", "look_at"]

_SAYS: dict[NoteKind, str] = {
    "left_out": "could not be used, because",
    "to_complete": "is to be completed:",
    "look_at": "was taken over; look at it:",
}


@dataclass(frozen=True)
class Note:
    """One sentence for the author. `what`: how the file calls the thing; lines count from 1."""

    file: str
    line: int
    kind: NoteKind
    what: str
    reason: str

    @property
    def sentence(self) -> str:
        """Without the place."""
        return f"“{self.what}” {_SAYS[self.kind]} {self.reason}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


@dataclass(frozen=True)
class Remark:
    """A note before its file is known."""

    line: int
    kind: NoteKind
    what: str
    reason: str


@dataclass(frozen=True)
class Draft:
    """A question as it would stand in a paper, with an id proposed.

    `to_complete`: what is missing; it then becomes a comment of the paper.
    """

    line: int
    name: str
    content: dict[str, Any]
    to_complete: str | None = None


@dataclass(frozen=True)
class Heading:
    """What is said of the paper as a whole. None: not known, to be guessed."""

    id: str | None = None
    title: str | None = None
    language: Literal["en", "de"] = "en"
    minutes: float | None = None


@dataclass(frozen=True)
class Imported:
    """A paper, as YAML text that `check` accepts if `questions` is not 0."""

    paper_id: str
    yaml: str
    questions: int
    notes: Sequence[Note]

    @property
    def whole(self) -> bool:
        """Whether every question of the file is in the paper."""
        return bool(self.questions) and all(note.kind == "look_at" for note in self.notes)


class ImportingError(Exception):
    """`line`: where in the file, counting from 1."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}:{line}: {reason}")
        self.line = line
        self.reason = reason

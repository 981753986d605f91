"""The student's lines: what is said, what of the paper that reaches, what a model replies."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, Self, get_args

import yaml

FILE = Path(__file__).with_name("script.yaml")
PAPER = Path(__file__).with_name("paper.yaml")
PAUSE_MARK = " … "

UNFINISHED = 0.3
"""The most that a recogniser believes in the pause of a sentence that plainly goes on."""
HIGHEST_ID = 63
"""More the acoustic markers cannot tell apart."""
_ENOUGH = 0.5
"""Share of a line's words that make a text with gaps that line."""

Kind = Literal["answer", "command", "barge_in"]


@dataclass(frozen=True)
class Line:
    """One turn of the student's, as bench/script.yaml describes it.

    pause: seconds of silence between two `parts`; pause_confidence: the most that the recogniser
    believes meanwhile; covers: id of a point by the phrase of `said` that reaches it
    """

    id: int
    text: str
    kind: Kind
    reply: str
    intent: str = "answer"
    pause: float = 0.0
    pause_confidence: float = UNFINISHED
    covers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.id <= HIGHEST_ID:
            raise ValueError(f"line {self.id}: ids are 0 to {HIGHEST_ID}")
        if self.kind not in get_args(Kind):
            raise ValueError(f"line {self.id}: kind is one of {get_args(Kind)}")
        if (len(self.parts) > 1) != (self.pause > 0):
            raise ValueError(f"line {self.id}: “…” and `pause` belong together")
        if strange := [phrase for phrase in self.covers if not occurs(phrase, self.said)]:
            raise ValueError(f"line {self.id}: does not say {strange}")

    @property
    def parts(self) -> tuple[str, ...]:
        """What is said in one breath each."""
        return tuple(self.text.split(PAUSE_MARK))

    @property
    def said(self) -> str:
        """The whole line, as a perfect recogniser would write it."""
        return " ".join(self.parts)


@dataclass(frozen=True)
class Script:
    """All lines, in the order of speaking; `lines[n].id` is n."""

    lines: tuple[Line, ...]

    @classmethod
    def load(cls, file: Path = FILE) -> Self:
        """Reads a script; ValueError says what is wrong with it."""
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        lines = tuple(Line(**each) for each in data["lines"])
        if [line.id for line in lines] != list(range(len(lines))):
            raise ValueError(f"{file}: ids must count up from 0")
        return cls(lines)

    def line(self, line_id: int) -> Line | None:
        return self.lines[line_id] if 0 <= line_id < len(self.lines) else None

    def said_last(self, text: str) -> Line | None:
        """The line that `text` ends with or, of texts with gaps, the one that is most in it."""
        words = normal(text)
        found = [(words.rfind(each), line) for each, line in self._normal if each in words]
        if found:
            return max(found, key=lambda pair: pair[0])[1]
        said = set(words.split())
        share, line = max(
            ((_share(set(each.split()), said), line) for each, line in self._normal),
            key=lambda pair: pair[0],
        )
        return line if share >= _ENOUGH else None

    def covered(self, text: str) -> frozenset[str]:
        """Ids of all points that `text` reaches."""
        words = normal(text)
        return frozenset(point for phrase, point in self._phrases if phrase in words)

    def breaks_off(self, text: str) -> bool:
        """Whether `text` ends where a line of several parts pauses."""
        words = normal(text)
        return any(
            words.endswith(normal(line.parts[0])) for line in self.lines if len(line.parts) > 1
        )

    @cached_property
    def _normal(self) -> list[tuple[str, Line]]:
        return [(normal(line.said), line) for line in self.lines]

    @cached_property
    def _phrases(self) -> list[tuple[str, str]]:
        return [
            (normal(phrase), point) for line in self.lines for phrase, point in line.covers.items()
        ]


def normal(text: str) -> str:
    """Words alone, between single spaces and with one at each end, so that `in` compares words."""
    return f" {' '.join(_words(text))} "


def occurs(phrase: str, text: str) -> bool:
    """Whether the words of `phrase` occur in `text`, in their order and side by side."""
    return normal(phrase) in normal(text)


def _words(text: str) -> Iterable[str]:
    return re.findall(r"[\w']+", text.lower())


def _share(wanted: set[str], said: set[str]) -> float:
    return len(wanted & said) / len(wanted)

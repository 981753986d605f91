"""What can go wrong for a robot student.

RobotError
├── ScriptError     the script cannot be read or does not hold together
├── VoiceError      the speech service gave no usable voice
├── JoinRefused     the invitation was not accepted
└── ExamBroken      the exam began, or should have begun, and did not go through
"""

from dataclasses import dataclass
from pathlib import Path


class RobotError(Exception):
    """One sentence that a person can act on."""


@dataclass(frozen=True)
class Problem:
    """One fault of a script: `line` counts from 1, `field` is a dotted path."""

    file: Path
    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}"
        return f"{place}: {self.field}: {self.reason}" if self.field else f"{place}: {self.reason}"


class ScriptError(RobotError):
    """Every fault found in one script."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class VoiceError(RobotError):
    pass


class JoinRefused(RobotError):  # noqa: N818  the name says what happened
    """`code` is the machine code of the token API, or "unreachable"."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class ExamBroken(RobotError):  # noqa: N818
    pass

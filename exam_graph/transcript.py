"""What an exam held as text comes to: its turns, and the answers as they stand.

As plain as the record of an exam in a room, and with the same meaning, but in memory.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from exam_graph.events import Event, students_words
from exam_graph.state import ExamState
from exam_graph.understanding import ANSWER_WINDOW
from exam_graph.utterance import Utterance


@dataclass(frozen=True)
class TalkTurn:
    """One event and what came of it; `text` are the student's words."""

    number: int
    event: Event
    text: str
    understood: dict[str, Any] | None
    move: str
    question_id: str | None
    answers_question: bool
    revises: bool
    flags: tuple[str, ...]
    utterances: tuple[Utterance, ...]
    used_ms: int

    def to_dict(self) -> dict[str, Any]:
        utterances = [utterance.to_dict() for utterance in self.utterances]
        event = self.event.model_dump(mode="json")
        return {**vars(self), "event": event, "utterances": utterances, "flags": list(self.flags)}


@dataclass
class TalkAnswer:
    """An answer as it stands: `text` is the original, `revisions` are the words beside it."""

    question_id: str
    status: str = "open"
    value: str | None = None
    covered: list[str] = field(default_factory=list)
    probes: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    text: str = ""
    revisions: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Transcript:
    """Grows by one turn at a time."""

    def __init__(self, question_ids: Sequence[str]) -> None:
        self.turns: list[TalkTurn] = []
        self.answers = {each: TalkAnswer(each) for each in question_ids}
        self._windows: dict[str, str] = {}

    @property
    def flags(self) -> list[str]:
        """What was flagged for the teacher in any turn."""
        return sorted({flag for turn in self.turns for flag in turn.flags})

    @property
    def said_last(self) -> TalkTurn | None:
        """The examiner's last turn that had words."""
        return next((turn for turn in reversed(self.turns) if turn.utterances), None)

    def answer_so_far(self, question_id: str | None) -> str:
        """What understanding gets to see of the answer to that question."""
        return self._windows.get(question_id, "") if question_id else ""

    def keep(
        self, event: Event, outcome: ExamState, said: Sequence[Utterance], used_ms: int
    ) -> TalkTurn:
        """Takes the outcome of a turn in."""
        turn = _turn(event, outcome, said, used_ms)
        self.turns.append(turn)
        for row in outcome["record"]["answers"]:
            answer = self.answers[row["question_id"]]
            for name in ("status", "value", "covered", "probes", "flags"):
                setattr(answer, name, row[name])
        if turn.question_id is not None and turn.text:
            self._keep_words(turn, turn.question_id)
        return turn

    def to_dict(self) -> dict[str, Any]:
        return {
            "turns": [turn.to_dict() for turn in self.turns],
            "answers": [answer.to_dict() for answer in self.answers.values()],
            "flags": self.flags,
        }

    def _keep_words(self, turn: TalkTurn, question_id: str) -> None:
        answer = self.answers[question_id]
        if turn.revises:
            answer.revisions.append(turn.text)
        elif turn.answers_question:
            answer.text = f"{answer.text} {turn.text}".strip()
        if turn.answers_question or turn.revises:
            so_far = f"{self._windows.get(question_id, '')} {turn.text}".strip()
            self._windows[question_id] = so_far[-ANSWER_WINDOW:]


def _turn(event: Event, outcome: ExamState, said: Sequence[Utterance], used_ms: int) -> TalkTurn:
    record = outcome["record"]
    return TalkTurn(
        number=outcome["turn"],
        event=event,
        text=students_words(event),
        understood=outcome["understood"],
        move=record["move"],
        question_id=record["question_id"],
        answers_question=record["answers_question"],
        revises=record["revises"],
        flags=tuple(record["flags"]),
        utterances=tuple(said),
        used_ms=used_ms,
    )

"""The state of one exam: plain values of bounded size, whatever the length of the dialogue.

No word of the student's is in it; those are kept in the record alone.
"""

from dataclasses import dataclass
from typing import Any, Literal, TypedDict, cast

from exam_graph.paper import Paper
from exam_graph.phrasebook import Phrasebook
from exam_graph.understanding import Understanding

Phase = Literal["waiting", "soundcheck", "practice", "question", "finished"]
AnswerStatus = Literal["open", "answered", "skipped", "dont_know", "unanswered"]


class Asked(TypedDict):
    """What was asked last: its utterances (as dicts) and where they stand, as `turn.position`."""

    turn: int
    last_position: int
    utterances: list[dict[str, Any]]


class TurnRecord(TypedDict):
    """What one turn means for the record; made anew in every turn."""

    move: str
    question_id: str | None
    answers_question: bool
    answers: list[dict[str, Any]]
    flags: list[str]


class Kept(TypedDict):
    """The part of the state that a checkpoint keeps."""

    turn: int
    used_ms: int
    phase: Phase
    order: list[str]
    position: int
    statuses: dict[str, AnswerStatus]
    covered: list[str]
    probes: list[str]
    flags: list[str]
    asked: Asked | None
    heard: bool
    confirming: bool
    paused: bool
    warned: list[int]
    wordings: dict[str, int]


class ExamState(Kept):
    """`Kept` and what exists for the length of one turn only."""

    event: dict[str, Any]
    answer_so_far: str
    understood: dict[str, Any] | None
    said: int
    record: TurnRecord


@dataclass(frozen=True)
class ExamContext:
    """What the nodes work with and no checkpoint holds. Made once per sitting."""

    paper: Paper
    phrases: Phrasebook
    understanding: Understanding

    @property
    def duration_ms(self) -> int:
        return round(self.paper.duration_minutes * 60_000)


def first_state(order: list[str]) -> Kept:
    """The state before the first turn, with the questions to ask in their order."""
    return Kept(
        turn=-1,
        used_ms=0,
        phase="waiting",
        order=order,
        position=-1,
        statuses=dict.fromkeys(order, "open"),
        covered=[],
        probes=[],
        flags=[],
        asked=None,
        heard=True,
        confirming=False,
        paused=False,
        warned=[],
        wordings={},
    )


def with_event(
    kept: Kept,
    event: dict[str, Any],
    *,
    used_ms: int,
    answer_so_far: str = "",
    understood: dict[str, Any] | None = None,
) -> ExamState:
    """The graph's input for the next turn."""
    following: Kept = {**kept, "turn": kept["turn"] + 1, "used_ms": used_ms}
    return ExamState(
        **following,
        event=event,
        answer_so_far=answer_so_far,
        understood=understood,
        said=0,
        record=TurnRecord(
            move="wait",
            question_id=current_question_id(kept),
            answers_question=False,
            answers=[],
            flags=[],
        ),
    )


def kept_part(state: ExamState) -> Kept:
    """What of a turn's outcome goes into the checkpoint."""
    return cast(Kept, {key: state[key] for key in Kept.__annotations__})  # type: ignore[literal-required]


def current_question_id(state: Kept) -> str | None:
    """The id of the question that is being asked, None before the first and after the last."""
    if state["phase"] != "question":
        return None
    return state["order"][state["position"]]


def remaining_ms(state: Kept, context: ExamContext) -> int:
    return max(0, context.duration_ms - state["used_ms"])


def clock_runs(state: Kept) -> bool:
    """Whether the exam clock is to run after this turn."""
    return state["phase"] == "question" and not state["paused"]

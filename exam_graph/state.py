"""The state of one exam: plain values of bounded size, whatever the length of the dialogue.

No word of the student's is in it; those are kept in the record alone.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, cast

from exam_graph.paper import Paper
from exam_graph.phrasebook import Phrasebook
from exam_graph.probing import ProbeWriter
from exam_graph.profile import UNCHANGED, Profile
from exam_graph.understanding import Confirming, Understanding

Phase = Literal["waiting", "soundcheck", "practice", "question", "finished"]
AnswerStatus = Literal["open", "answered", "skipped", "dont_know", "unanswered"]
#: Flags of a turn and of the answer that it belongs to: what failed was ours.
RECOGNISER_FAILED = "recogniser_failed"
VOICE_FAILED = "voice_failed"
RECORDS_FAILED = "records_failed"
Waiting = Literal["", "thinking", "unfinished", "rest"]


class Asked(TypedDict):
    """What was asked last: its utterances (as dicts) and where they stand, as `turn.position`.

    confirming: what a yes or a no to it would answer
    """

    turn: int
    last_position: int
    utterances: list[dict[str, Any]]
    confirming: Confirming


class Answer(TypedDict):
    """What is known of the answer to one question.

    value: of a choice its letters, of a short question the number it named
    answer_ms: how long the student spoke
    hints: how many were given; unclear: turns running that could not be understood
    """

    covered: list[str]
    probes: list[str]
    flags: list[str]
    value: str | None
    answer_ms: int
    hints: int
    unclear: int


class Cut(TypedDict):
    """Where the student's words cut the examiner off: in utterance `position` of `turn`.

    noted: the turn that told of it; it means something to the turn right after that only
    """

    noted: int
    turn: int
    position: int
    heard_ms: int
    total_ms: int


class Said(TypedDict):
    """The examiner's last turn that had words, as utterance dicts."""

    turn: int
    utterances: list[dict[str, Any]]


class TurnRecord(TypedDict):
    """What one turn means for the record; made anew in every turn.

    revises: the words change an answer given before, and stand beside it
    """

    move: str
    question_id: str | None
    answers_question: bool
    revises: bool
    answers: list[dict[str, Any]]
    flags: list[str]


class Kept(TypedDict):
    """The part of the state that a checkpoint keeps.

    position: index in `order` of the question that is open; -1 before the first
    furthest: the greatest position that was asked
    queue: positions to ask next, before the one after `furthest`
    statuses: by question id
    answers: by question id, with a place for each from the start
    last_position: of the question that was open before this one; -1 if none was
    asked: what was asked last; heard: to its end; heard_before: the open question was, once
    confirming: what a yes or a no would answer
    revising: position of the question whose new answer is awaited, else None
    offered: the skipped questions (in learn mode: the missed ones) were offered
    waiting: "thinking" after a wish for time, "unfinished" after half a clause, "rest" after an
        answer that was not heard to its end by our fault, else ""
    silences: how often silence was spoken to since the student's last words
    silent_questions: questions left for silence, one after another
    break_minutes: length of the break that goes on, 0 if none does
    breaks: how many were taken
    sound_lost: the student is not heard, or hears nothing: the clock stands
    reading: the examiner's voice has failed, and the student reads what is asked
    echoing: the examiner hears itself: the clock stands until somebody else is heard
    away_ms: how long the student was gone, all absences together
    language_asked, finish_asked: was asked once for the exam's language; to come to an end
    """

    turn: int
    used_ms: int
    phase: Phase
    order: list[str]
    position: int
    furthest: int
    queue: list[int]
    statuses: dict[str, AnswerStatus]
    answers: dict[str, Answer]
    last_position: int
    asked: Asked | None
    heard: bool
    heard_before: bool
    said_last: Said | None
    cut: Cut | None
    confirming: Confirming
    revising: int | None
    offered: bool
    paused: bool
    break_minutes: float
    breaks: int
    sound_lost: bool
    reading: bool
    echoing: bool
    waiting: Waiting
    silences: int
    silent_questions: int
    away_ms: int
    language_asked: bool
    finish_asked: bool
    warned: list[int]
    wordings: dict[str, int]


class ExamState(Kept):
    """`Kept` and what exists for the length of one turn only.

    answering: what the student was asked to say yes or no to when the turn began
    understood: an `Understood` as a dict; `thanked` in it: for an answer, before it was understood
    """

    event: dict[str, Any]
    answer_so_far: str
    understood: dict[str, Any] | None
    answering: Confirming
    record: TurnRecord


@dataclass(frozen=True)
class ExamContext:
    """What the nodes work with and no checkpoint holds. Made per sitting, but for `certain`."""

    paper: Paper
    phrases: Phrasebook
    understanding: Understanding
    profile: Profile = UNCHANGED
    probes: ProbeWriter | None = None
    #: Absences beyond it, all together, are flagged.
    absence_limit_ms: int = 600_000
    #: Of one turn: set as soon as its words are final. None: they are, and nobody waits.
    certain: asyncio.Event | None = None

    @property
    def duration_ms(self) -> int:
        """How long the exam is for this student."""
        return round(self.paper.duration_minutes * self._minute_ms)

    @property
    def answer_limit_ms(self) -> int:
        """How long this student may speak to one question before being asked to finish."""
        return round(self.paper.answer_minutes * self._minute_ms)

    @property
    def _minute_ms(self) -> float:
        return 60_000 * (1 + self.profile.extra_time_percent / 100)

    @property
    def learning(self) -> bool:
        return self.paper.mode == "learn"


def _no_answer() -> Answer:
    return Answer(
        covered=[],
        probes=[],
        flags=[],
        value=None,
        answer_ms=0,
        hints=0,
        unclear=0,
    )


def first_state(order: list[str]) -> Kept:
    """The state before the first turn, with the questions to ask in their order."""
    return Kept(
        turn=-1,
        used_ms=0,
        phase="waiting",
        order=order,
        position=-1,
        furthest=-1,
        queue=[],
        statuses=dict.fromkeys(order, "open"),
        answers={question_id: _no_answer() for question_id in order},
        last_position=-1,
        asked=None,
        heard=True,
        heard_before=False,
        said_last=None,
        cut=None,
        confirming="",
        revising=None,
        offered=False,
        paused=False,
        break_minutes=0.0,
        breaks=0,
        sound_lost=False,
        reading=False,
        echoing=False,
        waiting="",
        silences=0,
        silent_questions=0,
        away_ms=0,
        language_asked=False,
        finish_asked=False,
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
        answering=kept["confirming"],
        record=TurnRecord(
            move="wait",
            question_id=current_question_id(kept),
            answers_question=False,
            revises=False,
            answers=[],
            flags=[RECOGNISER_FAILED] if event.get("fault") else [],
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


def open_answer(state: Kept) -> Answer | None:
    """What is known of the answer to the question that is being asked."""
    question_id = current_question_id(state)
    return None if question_id is None else state["answers"][question_id]


def remaining_ms(state: Kept, context: ExamContext) -> int:
    return max(0, context.duration_ms - state["used_ms"])


def clock_runs(state: Kept) -> bool:
    """Whether the exam clock is to run after this turn."""
    technical = state["sound_lost"] or state["echoing"] or state["confirming"] == "sound"
    return state["phase"] == "question" and not state["paused"] and not technical

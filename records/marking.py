"""Marks and what leads to them, as plain values. All times are aware and in UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from records.model import AnswerView, Json, Sitting, TurnRecord

GradingState = Literal["pending", "running", "done"]
GradingReason = Literal["closed", "corrected", "asked_again", "regraded"]
MarkState = Literal["graded", "ungraded"]


@dataclass(frozen=True)
class Grading:
    """One marking of a sitting. `version` counts up from 1; `current`: its marks are those that
    hold, the newest that is done; a regrading (reason "regraded") only once it was adopted.

    `questions`: only these are marked anew, the others are taken over from the version before;
    None: all. `settings`: what it was marked with (models, prompt hash, …). `tries`: how often a
    grader took it up. `requested_by`: the teacher's name, None for the program itself.
    `paper`: the paper whose key it is marked by, None for the sitting's own.
    """

    id: str
    sitting_id: str
    version: int
    reason: GradingReason
    questions: list[str] | None
    requested_by: str | None
    state: GradingState
    current: bool
    provisional: bool
    settings: Json
    tries: int
    fence: int
    holder: str | None
    beat: int
    created_at: datetime
    not_before: datetime | None
    finished_at: datetime | None
    paper: Json | None = None


@dataclass(frozen=True)
class GradingLease:
    """The right to store the marks of a grading: whoever has a newer fence has it instead."""

    grading_id: str
    sitting_id: str
    fence: int


@dataclass(frozen=True)
class GradingBeat:
    """A grading under way as others see it: while `beat` goes on rising, its grader lives."""

    grading_id: str
    fence: int
    beat: int


@dataclass(frozen=True)
class Mark:
    """What an answer is worth, or that nobody could tell (`ungraded`, `marks` None).

    points: [{"id", "marks", "out_of", "quotes": [{"text", "turn"}], "reason"}], the settled ones;
        a choice or short question has one, whose id is "answer"
    spread: the greatest minus the least mark that the graders gave in the end, None for fewer than
        two graders
    flags: for the teacher, such as "graders_disagree", "steer", "low_confidence", "grader_failed"
    graders: what each said, [{"name", "model", "state", "prompt_hash", "round", "words",
        "attempts", "marks", "points", "why"}]; state: "given", or the flag for which it does not
        count; words: "remaining", or "whole" with those that speak to whoever marks
    answer_hash: SHA-256 of the words that were marked
    """

    question_id: str
    position: int
    state: MarkState
    marks: float | None
    out_of: float
    spread: float | None
    provisional: bool
    points: list[Json]
    flags: list[str]
    graders: list[Json]
    paper_hash: str
    answer_hash: str


@dataclass(frozen=True)
class Cost:
    """Something that was paid for, or would be. `key` names it within its sitting: the same key
    again replaces it.

    part: "exam" or "grading"; unit: "input_tokens", "output_tokens", "stt_seconds",
    "tts_characters"; price: of one unit, in `currency`, None where the price list has none;
    prices_of: the date of the price list.
    """

    key: str
    part: Literal["exam", "grading"]
    unit: Literal["input_tokens", "output_tokens", "stt_seconds", "tts_characters"]
    provider: str
    model: str
    quantity: float
    price: float | None = None
    currency: str | None = None
    prices_of: str | None = None


@dataclass(frozen=True)
class Material:
    """What there is to mark: `turns` and `answers` with teachers' corrections in them."""

    sitting: Sitting
    turns: list[TurnRecord]
    answers: list[AnswerView]
    corrected: frozenset[int] = field(default_factory=frozenset)

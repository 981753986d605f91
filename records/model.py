"""What the records hold, as plain values. All times are aware and in UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

SittingStatus = Literal["open", "running", "finished", "abandoned"]
AnswerStatus = Literal["open", "answered", "skipped", "dont_know", "unanswered"]
Json = dict[str, Any]


@dataclass(frozen=True)
class PublishedPaper:
    exam_id: str
    content: Json
    hash: str
    published_at: datetime


@dataclass(frozen=True)
class Invitation:
    jti: str
    user_id: str
    exam_id: str
    profile: Json
    attempts: int
    used: int
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True)
class Sitting:
    """One student's exam. Paper and profile are frozen when it is opened."""

    id: str
    user_id: str
    exam_id: str
    room_name: str
    paper: Json
    paper_hash: str
    profile: Json
    consent: Json
    seed: int
    status: SittingStatus
    fence: int
    flags: list[str]
    invitation: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    released_at: datetime | None = None


@dataclass(frozen=True)
class UtteranceRecord:
    """Something the examiner says. What has a default is known once it was played.

    `segment` and `offset_ms`: where it begins in the recording, if there is one.
    """

    position: int
    kind: str
    text: str
    say: str
    authored: bool
    question_id: str | None
    started_at: datetime | None = None
    heard_ms: int | None = None
    whole: bool | None = None
    segment: int | None = None
    offset_ms: int | None = None


@dataclass(frozen=True)
class AnswerRecord:
    """What is known of an answer after a turn.

    `value` is what it comes to, where the paper has such a thing: "B", "A,C", "2.5 m/s".
    """

    question_id: str
    position: int
    status: AnswerStatus
    covered: list[str] = field(default_factory=list)
    probes: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    value: str | None = None


@dataclass(frozen=True)
class TurnRecord:
    """One event of a sitting and what the examiner made of it; committed as a whole.

    `text` holds the student's words ("" where nobody spoke), `words` their
    `{"word", "start_ms", "end_ms", "confidence"}`, `used_ms` the exam clock after the turn.
    With `revises` they change an answer given before, that of `question_id`.
    `segment` and `offset_ms`: where they begin in the recording, if there is one.
    """

    number: int
    event: Json
    understood: Json | None
    question_id: str | None
    answers_question: bool
    text: str
    confidence: float | None
    words: list[Json]
    at: datetime
    used_ms: int
    utterances: list[UtteranceRecord] = field(default_factory=list)
    answers: list[AnswerRecord] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    status: SittingStatus | None = None
    clears_draft: bool = False
    revises: bool = False
    segment: int | None = None
    offset_ms: int | None = None


@dataclass(frozen=True)
class Revision:
    """The student's words that changed an answer, when they came, and the value after them."""

    text: str
    at: datetime
    value: str | None = None


@dataclass(frozen=True)
class AnswerView:
    """An answer as it stands.

    `text` is the original: the student's turns of it, joined by a space, without the revisions.
    `first_at` and `last_at` are the times of the first and the last of these turns, None without
    words. `value` is what stands now, `original_value` what stood before the first revision.
    """

    question_id: str
    position: int
    status: AnswerStatus
    covered: list[str]
    probes: list[str]
    flags: list[str]
    text: str
    value: str | None = None
    original_value: str | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    revisions: list[Revision] = field(default_factory=list)


@dataclass(frozen=True)
class Draft:
    """The words of a turn that is not certain yet."""

    question_id: str | None
    text: str
    at: datetime


@dataclass(frozen=True)
class Lease:
    """The right to examine a sitting: whoever has a newer fence has it instead."""

    sitting_id: str
    fence: int
    holder: str


@dataclass(frozen=True)
class LeaseBeat:
    """A lease as others see it: while `beat` goes on rising, its holder lives."""

    sitting_id: str
    fence: int
    beat: int

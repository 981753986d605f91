"""What can happen in an exam: the typed events that go into the graph, one a turn."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

CommandName = Literal["repeat", "skip", "pause", "end"]


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Word(_Event):
    """One recognised word; ms from the start of the recogniser's stream, confidence 0 to 1."""

    word: str
    start_ms: int
    end_ms: int
    confidence: float


class Started(_Event):
    """The student is in the room and hears: the exam may begin."""

    type: Literal["started"] = "started"


Fault = Literal["", "mended", "broken_off", "lost"]
"""What the recogniser's failing did to a turn. mended: it was heard to its end all the same;
broken_off: its rest was not heard, and the recogniser hears again; lost: it does not yet."""


class StudentSpoke(_Event):
    """A turn of the student's that is certain, as the recogniser wrote it, or as it was typed.

    `duration_ms`: from the first sound of the turn to its end, 0 if that is not known.
    """

    type: Literal["student_spoke"] = "student_spoke"
    text: str
    words: tuple[Word, ...] = ()
    confidence: float | None = None
    typed: bool = False
    duration_ms: int = 0
    fault: Fault = ""


class TimePassed(_Event):
    """The exam clock came to a mark: `mark` minutes are left, 0 at the end."""

    type: Literal["time_passed"] = "time_passed"
    mark: int


class Silence(_Event):
    """Nothing was said for as long as `silence.due` told; `level` counts up from 1."""

    type: Literal["silence"] = "silence"
    level: int


class Returned(_Event):
    """The student, or the examiner, is back; `draft` is what was kept of an open answer.

    `away_ms`: how long the student was gone, 0 if it was not the student.
    """

    type: Literal["returned"] = "returned"
    draft: str = ""
    away_ms: int = 0


class Command(_Event):
    """A button of the student's page."""

    type: Literal["command"] = "command"
    name: CommandName


class NotHeard(_Event):
    """An utterance was cut off: its id is `turn.position`, `heard_ms` of it were played.

    `total_ms`: how long it would have been, 0 if it was not synthesised to its end.
    """

    type: Literal["not_heard"] = "not_heard"
    utterance: str
    heard_ms: int
    total_ms: int = 0


SoundCause = Literal["muted", "unplugged", "digital_silence", "recogniser", "voice"]
"""The first three are the microphone's; recogniser: nothing is understood of what comes from it;
voice: the student hears nothing of the examiner's, and reads it."""


class SoundLost(_Event):
    """No sound comes through, for a technical cause."""

    type: Literal["sound_lost"] = "sound_lost"
    cause: SoundCause


class SoundBack(_Event):
    """Sound comes through again; `cause`: what it had been lost for, if that is known."""

    type: Literal["sound_back"] = "sound_back"
    cause: SoundCause | None = None


class Failed(_Event):
    """A part of ours failed for a moment, and nothing of the exam was lost by it."""

    type: Literal["failed"] = "failed"
    part: Literal["recogniser", "voice", "records"]


class BreakOver(_Event):
    """The minutes of a break have passed."""

    type: Literal["break_over"] = "break_over"


Event = Annotated[
    Started
    | StudentSpoke
    | TimePassed
    | Silence
    | Returned
    | Command
    | NotHeard
    | SoundLost
    | SoundBack
    | Failed
    | BreakOver,
    Field(discriminator="type"),
]

_adapter: TypeAdapter[Event] = TypeAdapter(Event)


def parse_event(data: dict[str, Any]) -> Event:
    """The event of a record row or a graph state; `pydantic.ValidationError` if it is none."""
    return _adapter.validate_python(data)


def students_words(event: Event) -> str:
    """The student's words that an event carries, "" if it carries none."""
    if isinstance(event, StudentSpoke):
        return event.text
    return event.draft if isinstance(event, Returned) else ""

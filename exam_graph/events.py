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


class StudentSpoke(_Event):
    """A turn of the student's that is certain, as the recogniser wrote it."""

    type: Literal["student_spoke"] = "student_spoke"
    text: str
    words: tuple[Word, ...] = ()
    confidence: float | None = None


class TimePassed(_Event):
    """The exam clock came to a mark: `mark` minutes are left, 0 at the end."""

    type: Literal["time_passed"] = "time_passed"
    mark: int


class Silence(_Event):
    """Nothing was said for a while; `level` counts up within one question."""

    type: Literal["silence"] = "silence"
    level: int


class Returned(_Event):
    """The student, or the examiner, is back; `draft` is what was kept of an open answer."""

    type: Literal["returned"] = "returned"
    draft: str = ""


class Command(_Event):
    """A button of the student's page."""

    type: Literal["command"] = "command"
    name: CommandName


class NotHeard(_Event):
    """An utterance was cut off: its id is `turn.position`, `heard_ms` of it were played."""

    type: Literal["not_heard"] = "not_heard"
    utterance: str
    heard_ms: int


Event = Annotated[
    Started | StudentSpoke | TimePassed | Silence | Returned | Command | NotHeard,
    Field(discriminator="type"),
]

_adapter: TypeAdapter[Event] = TypeAdapter(Event)


def parse_event(data: dict[str, Any]) -> Event:
    """The event of a record row or a graph state; `pydantic.ValidationError` if it is none."""
    return _adapter.validate_python(data)

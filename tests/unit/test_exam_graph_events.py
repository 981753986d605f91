"""Events survive the record and refuse what they are not."""

from typing import Any

import pytest
from pydantic import ValidationError

from exam_graph.events import (
    Command,
    Event,
    NotHeard,
    Returned,
    Silence,
    Started,
    StudentSpoke,
    TimePassed,
    Word,
    parse_event,
)

pytestmark = pytest.mark.unit

EVENTS: tuple[Event, ...] = (
    Started(),
    StudentSpoke(
        text="It makes ATP.",
        words=(Word(word="It", start_ms=0, end_ms=90, confidence=0.9),),
        confidence=0.9,
    ),
    TimePassed(mark=5),
    Silence(level=1),
    Returned(draft="It makes"),
    Command(name="skip"),
    NotHeard(utterance="3.1", heard_ms=700),
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    assert parse_event(event.model_dump(mode="json")) == event


def test_a_recorded_turn_comes_back_without_its_words() -> None:
    spoke = EVENTS[1]
    assert parse_event(spoke.model_dump(mode="json", exclude={"words"})) == StudentSpoke(
        text="It makes ATP.", confidence=0.9
    )


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"type": "applause"},
        {"type": "student_spoke"},
        {"type": "student_spoke", "text": "Yes.", "mood": "glad"},
        {"type": "command", "name": "shout"},
        {"type": "time_passed", "mark": "soon"},
    ],
)
def test_anything_else_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        parse_event(data)


def test_an_event_does_not_change() -> None:
    with pytest.raises(ValidationError):
        TimePassed(mark=5).__setattr__("mark", 2)

"""What libraries log of rooms and students, without the students."""

import logging

import pytest

from records.discretion import Discretion

pytestmark = pytest.mark.unit


def _logged(message: str, *values: object) -> str | None:
    record = logging.LogRecord("livekit", logging.INFO, "", 0, message, values, None)
    return record.getMessage() if Discretion().filter(record) else None


@pytest.mark.parametrize(
    ("message", "value", "logged"),
    [
        ('left "%s": RoomDeleted', "exam-ann-lee-school-example-5f86bb4e", "exam-…-5f86bb4e"),
        ("%s came", "student-ann-lee-school-example", "student-… came"),
        ("joined as %s", "examiner", "joined as examiner"),
        (
            "sitting %s opened",
            "0f991dbb26344419b6f96d6528674500",
            "0f991dbb26344419b6f96d6528674500",
        ),
        ("%d students", 3, "3 students"),
    ],
)
def test_names_are_left_out_and_what_tells_rooms_apart_stays(
    message: str, value: object, logged: str
) -> None:
    said = _logged(message, value)
    assert said is not None
    assert logged in said
    assert "ann" not in said


@pytest.mark.parametrize("kind", ["text", "byte"])
def test_nobody_writes_into_the_log_by_the_topic_of_a_stream(kind: str) -> None:
    said = f"ignoring {kind} stream with topic '%s', no callback attached"
    assert _logged(said, "x\nERROR all is lost") is None

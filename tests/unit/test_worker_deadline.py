"""No job lives for ever."""

import asyncio
import logging

import pytest

from exam_graph.paper import Paper
from exam_graph.profile import Profile
from worker.deadline import deadline, deadline_s
from worker.settings import Settings

pytestmark = pytest.mark.unit

PAPER = Paper.from_dict(
    {
        "id": "cells",
        "title": "Cells",
        "duration_minutes": 20,
        "questions": [
            {
                "id": "one",
                "kind": "open",
                "ask": "Why?",
                "marks": 1,
                "points": [{"id": "any", "marks": 1, "looks_for": "a reason"}],
            }
        ],
    }
)


def test_it_leaves_more_than_an_exam_can_need() -> None:
    settings = Settings(absence_limit_s=600, student_grace_s=300)
    plain = deadline_s(settings, PAPER, Profile()) / 60
    assert plain >= 20 + 15
    adjusted = Profile(extra_time_percent=50, breaks=2, break_minutes=10)
    assert deadline_s(settings, PAPER, adjusted) / 60 == plain + 10 + 20


def test_what_is_set_wins() -> None:
    settings = Settings(exam_deadline_minutes=5)
    assert deadline_s(settings, PAPER, Profile()) == 300


async def test_it_waits_so_long_and_tells_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    with caplog.at_level(logging.ERROR, logger="worker.deadline"):
        await deadline("abc", 300, sleep=sleep)
    assert slept == [300]
    assert "sitting abc" in caplog.text
    assert "EXAM_DEADLINE_MINUTES" in caplog.text
    assert "can be resumed" in caplog.text

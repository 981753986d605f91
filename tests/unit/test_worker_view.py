"""What the page is shown of the exam."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from exam_graph.clock import ExamClock
from exam_graph.paper import Paper
from exam_graph.phrasebook import phrasebook
from exam_graph.rules import RulesUnderstanding
from exam_graph.state import ExamContext, Kept, first_state
from worker.view import view

pytestmark = pytest.mark.unit

PAPER = Paper.from_dict(
    {
        "id": "small",
        "title": "Small",
        "duration_minutes": 2,
        "questions": [
            {
                "id": "why",
                "kind": "open",
                "ask": "Why?",
                "marks": 1,
                "points": [{"id": "because", "marks": 1, "looks_for": "the secret key"}],
            },
            {
                "id": "which",
                "kind": "choice",
                "ask": "Which?",
                "marks": 1,
                "options": ["This", {"text": "H₂O", "say": "water"}],
                "correct": "B",
            },
        ],
    }
)
CONTEXT = ExamContext(PAPER, phrasebook("en"), RulesUnderstanding(()))


def _state(**changes: Any) -> Kept:
    state: Any = first_state(["why", "which"]) | changes
    return state  # type: ignore[no-any-return]


def _shown(agent: str = "listening", *, used_ms: int = 0, **changes: Any) -> dict[str, str]:
    clock = ExamClock(SimpleNamespace(now=lambda: 0.0), used_ms)
    return view(_state(**changes), CONTEXT, agent, clock).attributes()


def test_before_the_exam() -> None:
    assert _shown() == {
        "voxam.phase": "waiting",
        "voxam.question": "",
        "voxam.ask": "",
        "voxam.remaining_ms": "120000",
        "voxam.clock": "paused",
    }


@pytest.mark.parametrize(
    ("agent", "phase"),
    [("speaking", "asking"), ("listening", "listening"), ("thinking", "thinking")],
)
def test_in_a_question_the_phase_tells_who_speaks(agent: str, phase: str) -> None:
    shown = _shown(agent, phase="question", position=0)
    assert shown["voxam.phase"] == phase
    assert shown["voxam.question"] == "1/2"


@pytest.mark.parametrize("phase", ["soundcheck", "practice"])
def test_before_the_questions_it_stays_while_it_lasts(phase: str) -> None:
    assert _shown("speaking", phase=phase)["voxam.phase"] == phase


def test_a_pause_and_the_end_come_before_who_speaks() -> None:
    assert _shown("speaking", phase="question", position=0, paused=True)["voxam.phase"] == "paused"
    lost = _shown("listening", phase="question", position=0, sound_lost=True)
    assert lost["voxam.phase"] == "paused"
    assert _shown("speaking", phase="finished", position=1)["voxam.phase"] == "closing"


def test_a_question_is_shown_to_the_letter_and_its_key_is_not() -> None:
    shown = _shown(phase="question", position=0)
    assert json.loads(shown["voxam.ask"]) == {
        "id": "why",
        "kind": "open",
        "text": "Why?",
        "options": None,
    }
    assert "secret" not in json.dumps(shown)


def test_options_are_shown_as_written() -> None:
    asked = json.loads(_shown(phase="question", position=1)["voxam.ask"])
    assert asked["options"] == ["This", "H₂O"]
    assert "correct" not in asked


def test_the_practice_question_is_shown() -> None:
    asked = {"turn": 1, "last_position": 1, "utterances": [{"text": "What is for lunch?"}]}
    shown = json.loads(_shown(phase="practice", asked=asked)["voxam.ask"])
    assert shown == {
        "id": "practice",
        "kind": "practice",
        "text": "What is for lunch?",
        "options": None,
    }


def test_the_time_left_is_the_clocks() -> None:
    assert _shown(phase="question", position=0, used_ms=30_000)["voxam.remaining_ms"] == "90000"
    assert _shown(phase="question", position=0, used_ms=130_000)["voxam.remaining_ms"] == "0"

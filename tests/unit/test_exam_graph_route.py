"""Which move an event calls for: the rules of the exam as a table."""

from typing import Any, cast, get_args

import pytest
from langgraph.runtime import Runtime

from exam_graph.events import (
    BreakOver,
    Command,
    Event,
    NotHeard,
    Returned,
    Silence,
    SoundBack,
    SoundLost,
    Started,
    StudentSpoke,
)
from exam_graph.follow import after_answer, after_leaving, open_probes
from exam_graph.paper import Paper
from exam_graph.phrasebook import phrasebook
from exam_graph.route import route
from exam_graph.rules import RulesUnderstanding
from exam_graph.state import ExamContext, ExamState, first_state, with_event
from exam_graph.understanding import INTENTS, Confirming, Intent, Understood

pytestmark = pytest.mark.unit

MINUTES = 10


def _question(name: str) -> dict[str, Any]:
    points = [
        {"id": "one", "marks": 1, "looks_for": "one", "probe": "One?"},
        {"id": "two", "marks": 1, "looks_for": "two"},
        {"id": "three", "marks": 1, "looks_for": "three", "probe": "Three?"},
    ]
    return {
        "id": name,
        "kind": "open",
        "ask": "What?",
        "marks": 3,
        "follow_ups": 1,
        "points": points,
    }


PAPER = Paper.from_dict(
    {
        "id": "two",
        "title": "Two",
        "duration_minutes": MINUTES,
        "questions": [_question("first"), _question("second")],
    }
)
CONTEXT = ExamContext(PAPER, phrasebook("en"), RulesUnderstanding(()))
RUNTIME: Runtime[ExamContext] = Runtime(context=CONTEXT)


def _at(event: Event, *, intent: str = "answer", used_ms: int = 0, **changes: Any) -> ExamState:
    position = changes.get("position", 0)
    here = {"phase": "question", "position": position, "furthest": position}
    kept: Any = first_state(["first", "second"]) | here | changes
    understood = Understood(cast(Intent, intent)).to_dict()
    return with_event(kept, event.model_dump(mode="json"), used_ms=used_ms, understood=understood)


def _answer(question_id: str, **changes: Any) -> dict[str, Any]:
    answers: Any = first_state(["first", "second"])["answers"]
    return {"answers": answers | {question_id: answers[question_id] | changes}}


def _move(event: Event, **where: Any) -> str:
    return route(_at(event, **where), RUNTIME)


SPOKE = StudentSpoke(text="Words.")


@pytest.mark.parametrize(
    ("intent", "move"),
    [
        ("answer", "record"),
        ("repeat", "repeat"),
        ("skip", "skip"),
        ("dont_know", "give_up"),
        ("time_left", "tell_time"),
        ("questions_left", "tell_count"),
        ("clarify", "clarify"),
        ("think", "wait"),
        ("yes", "record"),
        ("no", "record"),
        ("pause", "pause"),
        ("end", "confirm_end"),
        ("off_topic", "redirect"),
        ("argue", "redirect"),
        ("rude", "redirect"),
        ("steer", "redirect"),
        ("unclear", "redirect"),
        ("options", "repeat_options"),
        ("last_words", "repeat_last"),
        ("hint", "decline"),
        ("verdict", "decline"),
        ("go_back", "decline"),
        ("take_break", "decline"),
        ("skipped_ones", "tell_skipped"),
        ("identity", "identify"),
        ("distress", "care"),
        ("sound_problem", "check_hearing"),
        ("echo", "note_echo"),
    ],
)
def test_what_is_meant_in_a_question(intent: str, move: str) -> None:
    assert _move(SPOKE, intent=intent) == move


@pytest.mark.parametrize("intent", INTENTS)
@pytest.mark.parametrize("phase", ["soundcheck", "practice", "question"])
def test_every_intent_has_a_move_everywhere(intent: str, phase: str) -> None:
    asked = [{"confirming": kind} for kind in get_args(Confirming)]
    for flags in ({}, {"heard": False}, {"paused": True}, {"revising": 0}, *asked):
        assert _move(SPOKE, intent=intent, phase=phase, **cast(dict[str, Any], flags))


@pytest.mark.parametrize("intent", ["answer", "think", "off_topic", "unclear"])
def test_a_question_not_heard_is_not_left_standing(intent: str) -> None:
    assert _move(SPOKE, intent=intent, heard=False) == "ask_again"


@pytest.mark.parametrize(
    ("event", "move"),
    [
        (NotHeard(utterance="1.0", heard_ms=0), "note_unheard"),
        (Returned(), "welcome_back"),
        (Silence(level=1), "check_in"),
        (SoundLost(cause="muted"), "lose_sound"),
        (SoundBack(), "wait"),
        (BreakOver(), "wait"),
        (Command(name="repeat"), "repeat"),
        (Command(name="skip"), "skip"),
        (Command(name="pause"), "pause"),
        (Command(name="end"), "confirm_end"),
        (Started(), "repeat"),
    ],
)
def test_other_events(event: Event, move: str) -> None:
    assert _move(event) == move
    assert _move(event, phase="finished") == "wait"


def test_after_the_time_only_an_answer_is_taken() -> None:
    over = MINUTES * 60_000
    for intent in INTENTS:
        expected = "record" if intent == "answer" else "close"
        assert _move(SPOKE, intent=intent, used_ms=over) == expected
    assert _move(Returned(draft="Words"), used_ms=over) == "record"
    assert _move(Returned(), used_ms=over) == "close"
    assert _move(Command(name="skip"), used_ms=over) == "close"


@pytest.mark.parametrize(
    ("covered", "probes", "expected"),
    [
        ([], [], ["one", "three"]),
        (["one"], [], ["three"]),
        (["one", "three"], [], []),
        ([], ["one"], []),
    ],
)
def test_probes_are_open_for_points_not_reached(
    covered: list[str], probes: list[str], expected: list[str]
) -> None:
    state = _at(SPOKE, **_answer("first", covered=covered, probes=probes))
    assert [point.id for point in open_probes(state, CONTEXT)] == expected


def test_after_the_last_answer_the_exam_closes() -> None:
    done = ["one", "three"]
    assert after_answer(_at(SPOKE, **_answer("first", covered=done)), RUNTIME) == "acknowledge"
    assert after_answer(_at(SPOKE, position=1), RUNTIME) == "acknowledge", "a probe is open"
    last = _at(SPOKE, position=1, **_answer("second", covered=done))
    assert after_answer(last, RUNTIME) == "close"
    assert after_leaving(_at(SPOKE), RUNTIME) == "advance"
    assert after_leaving(_at(SPOKE, position=1), RUNTIME) == "close"
    assert after_leaving(_at(SPOKE, used_ms=MINUTES * 60_000), RUNTIME) == "close"

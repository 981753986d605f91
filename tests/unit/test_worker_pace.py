"""How patient Flux is made, and when."""

from typing import Any

import pytest
from livekit.plugins.deepgram import STTv2

from exam_graph.paper import Paper
from exam_graph.phrasebook import phrasebook
from exam_graph.profile import Profile
from exam_graph.state import ExamContext, first_state
from local_providers.thresholds import Thresholds
from worker.flux import Flux
from worker.pace import LAST_SENTENCE, OWN_TURN_END, QUICKEST, Pace, pace, quickest

pytestmark = pytest.mark.unit

PAPER = Paper.from_dict(
    {
        "id": "small",
        "title": "Small",
        "duration_minutes": 2,
        "questions": [
            {"id": "sum", "kind": "short", "ask": "One and one?", "marks": 1, "value": 2},
        ],
    }
)


def _pace(profile: dict[str, Any] | None = None, **changes: Any) -> Pace:
    state: Any = first_state(["sum"]) | changes
    context = ExamContext(
        PAPER,
        phrasebook("en"),
        understanding=None,  # type: ignore[arg-type]
        profile=Profile(**profile or {}),
    )
    return pace(state, context)


def _in_question(
    profile: dict[str, Any] | None = None, *, status: str = "open", **more: Any
) -> Pace:
    return _pace(profile, phase="question", position=0, statuses={"sum": status}, **more)


def _patience(each: Pace) -> tuple[float, int]:
    return each.eot_threshold, each.eot_timeout_ms


def test_it_is_more_patient_before_an_answer_than_after_one() -> None:
    assert _patience(_in_question()) > _patience(_in_question(status="answered"))


@pytest.mark.parametrize("waiting", ["thinking", "unfinished"])
def test_who_wants_time_gets_it(waiting: str) -> None:
    assert _in_question(status="answered", waiting=waiting) == _in_question()


@pytest.mark.parametrize(
    "moment",
    [
        {"phase": "soundcheck"},
        {"phase": "question", "position": 0, "paused": True},
        {"phase": "question", "position": 0, "confirming": "end"},
    ],
)
def test_it_is_quicker_where_a_word_is_enough(moment: dict[str, Any]) -> None:
    assert _patience(_pace(**moment)) < _patience(_in_question(status="answered"))


@pytest.mark.parametrize("moment", [{}, {"status": "answered"}, {"paused": True}])
def test_the_profile_makes_every_pause_longer(moment: dict[str, Any]) -> None:
    plain, patient = _in_question(**moment), _in_question({"pause_patience": 2.0}, **moment)
    assert patient.eot_threshold > plain.eot_threshold
    assert patient.eot_timeout_ms > plain.eot_timeout_ms


def test_no_pause_ends_the_turn_of_who_presses_a_button() -> None:
    profile = {"own_turn_end": True, "pause_patience": 4.0}
    assert {_in_question(profile), _in_question(profile, paused=True)} == {OWN_TURN_END}
    assert OWN_TURN_END.eot_threshold == 1.0


EVERY = [
    *(QUICKEST, OWN_TURN_END, LAST_SENTENCE, quickest(Profile(own_turn_end=True))),
    *(_in_question({"pause_patience": patience}) for patience in (1.0, 1.5, 2.0, 4.0)),
    *(_in_question({"pause_patience": patience}, paused=True) for patience in (1.0, 2.0, 4.0)),
]


@pytest.mark.parametrize("each", EVERY)
def test_plugin_and_server_accept_it(each: Pace) -> None:
    given: dict[str, Any] = {
        name: value for name, value in each._asdict().items() if value is not None
    }
    assert Thresholds().changed(given).timeout_ms == each.eot_timeout_ms
    STTv2(api_key="none", **given)


class _Recogniser:
    def __init__(self) -> None:
        self.set_to: list[dict[str, float]] = []

    def update_options(self, **options: float) -> None:
        self.set_to.append(options)


def test_flux_is_told_of_changes_only() -> None:
    recogniser = _Recogniser()
    flux = Flux(recogniser, Pace(0.7, 0.5, 5000))
    flux.follow(Pace(0.7, 0.5, 5000))
    assert recogniser.set_to == []
    flux.follow(Pace(0.8, 0.5, 8000))
    flux.follow(Pace(0.8, 0.5, 8000))
    assert recogniser.set_to == [
        {"eot_threshold": 0.8, "eager_eot_threshold": 0.5, "eot_timeout_ms": 8000}
    ]


def test_a_turn_that_is_hurried_stays_so_until_its_end() -> None:
    recogniser = _Recogniser()
    flux = Flux(recogniser, Pace(1.0, None, 60_000))
    flux.hurry(Pace(0.5, None, 500))
    flux.follow(Pace(1.0, None, 60_000))
    assert recogniser.set_to == [{"eot_threshold": 0.5, "eot_timeout_ms": 500}]
    flux.relax()
    assert recogniser.set_to[1:] == [{"eot_threshold": 1.0, "eot_timeout_ms": 60_000}]

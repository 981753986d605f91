"""The recogniser's patience within one turn."""

from collections.abc import AsyncGenerator

import pytest
from livekit.agents import stt

from exam_graph.phrasebook import phrasebook
from exam_graph.profile import Profile
from exam_graph.rules import RulesUnderstanding
from exam_graph.state import ExamContext, Kept, first_state
from tests.unit.test_worker_pace import PAPER
from worker.pace import pace
from worker.turn_end import BEGUN_WORDS, TurnEnd

pytestmark = pytest.mark.unit

START = stt.SpeechEventType.START_OF_SPEECH
INTERIM = stt.SpeechEventType.INTERIM_TRANSCRIPT
END = stt.SpeechEventType.END_OF_SPEECH
FEW, MANY = " ".join(["word"] * (BEGUN_WORDS - 1)), " ".join(["word"] * BEGUN_WORDS)


class Recogniser:
    def __init__(self) -> None:
        self.thresholds: list[float] = []

    def update_options(self, **options: float) -> None:
        self.thresholds.append(options["eot_threshold"])


def _context(*, own_turn_end: bool = False) -> ExamContext:
    profile = Profile(own_turn_end=own_turn_end)
    return ExamContext(PAPER, phrasebook("en"), RulesUnderstanding(()), profile)


def _asked() -> Kept:
    return {**first_state(["sum"]), "phase": "question", "position": 0}


async def _hears(turn_end: TurnEnd, *given: tuple[stt.SpeechEventType, str]) -> None:
    async def events() -> AsyncGenerator[stt.SpeechEvent, None]:
        for kind, text in given:
            data = stt.SpeechData(language="en", text=text)  # type: ignore[arg-type]
            yield stt.SpeechEvent(type=kind, alternatives=[data] if text else [])

    async for _ in turn_end.watch(events()):
        pass


async def test_once_an_answer_has_begun_its_end_may_come_sooner() -> None:
    recogniser, context, state = Recogniser(), _context(), _asked()
    turn_end = TurnEnd(recogniser, state, context)
    await _hears(turn_end, (START, ""), (INTERIM, FEW))
    assert recogniser.thresholds == []
    await _hears(turn_end, (INTERIM, MANY), (INTERIM, f"{MANY} more"))
    assert recogniser.thresholds == [pace(state, context, answering=True).eot_threshold]
    assert recogniser.thresholds[0] < pace(state, context).eot_threshold


async def test_what_made_no_turn_leaves_the_patience_for_the_next() -> None:
    recogniser, context, state = Recogniser(), _context(), _asked()
    turn_end = TurnEnd(recogniser, state, context)
    await _hears(turn_end, (START, ""), (INTERIM, MANY), (END, ""), (START, ""))
    assert recogniser.thresholds[-1] == pace(state, context).eot_threshold


async def test_who_wants_time_keeps_it_while_speaking() -> None:
    recogniser, context = Recogniser(), _context()
    turn_end = TurnEnd(recogniser, {**_asked(), "waiting": "thinking"}, context)
    await _hears(turn_end, (START, ""), (INTERIM, MANY))
    assert recogniser.thresholds == []


async def test_who_ends_turns_by_the_button_is_never_hurried() -> None:
    recogniser = Recogniser()
    turn_end = TurnEnd(recogniser, _asked(), _context(own_turn_end=True))
    await _hears(turn_end, (START, ""), (INTERIM, MANY))
    assert recogniser.thresholds == []

"""What was not heard to its end, so that it can be said again."""

from datetime import UTC, datetime

import pytest

from exam_graph.events import Started
from exam_graph.utterance import Utterance, UtteranceKind
from worker.hearing import Hearing
from worker.turn import Heard, Mark, Turn

pytestmark = pytest.mark.unit


async def _turn(number: int, *kinds: UtteranceKind) -> Turn:
    turn = Turn(Started(), 0)
    turn.number = number
    for kind in kinds:
        turn.say(Utterance(kind, "Words.", "Words."))
    return turn


def _heard(turn: Turn, position: int, *, whole: bool) -> Heard:
    return Heard(Mark(turn, position), datetime.now(UTC), 700, whole, 900)


async def test_nothing_said_is_nothing_missed() -> None:
    assert Hearing().cut_off() is None


async def test_what_was_never_played_was_not_heard() -> None:
    hearing = Hearing()
    hearing.follow(await _turn(3, "acknowledgement", "question"))
    missed = hearing.cut_off()
    assert missed is not None
    assert (missed.utterance, missed.heard_ms, missed.total_ms) == ("3.0", 0, 0)


async def test_the_first_one_not_heard_whole_is_told_of_whatever_its_kind() -> None:
    hearing = Hearing()
    turn = await _turn(3, "acknowledgement", "question")
    hearing.follow(turn)
    hearing.note(_heard(turn, 0, whole=False))
    hearing.note(_heard(turn, 1, whole=False))
    missed = hearing.cut_off()
    assert missed is not None
    assert (missed.utterance, missed.heard_ms, missed.total_ms) == ("3.0", 700, 900)


async def test_what_was_heard_whole_is_not_missed() -> None:
    hearing = Hearing()
    turn = await _turn(3, "acknowledgement", "question")
    hearing.follow(turn)
    for position in (0, 1):
        hearing.note(_heard(turn, position, whole=True))
    assert hearing.cut_off() is None


async def test_it_is_told_once() -> None:
    hearing = Hearing()
    hearing.follow(await _turn(3, "question"))
    assert hearing.cut_off() is not None
    assert hearing.cut_off() is None


async def test_options_belong_to_the_question() -> None:
    hearing = Hearing()
    turn = await _turn(3, "question", "options")
    hearing.follow(turn)
    hearing.note(_heard(turn, 0, whole=True))
    hearing.note(_heard(turn, 1, whole=False))
    missed = hearing.cut_off()
    assert missed is not None
    assert (missed.utterance, missed.heard_ms) == ("3.1", 700)


async def test_a_turn_without_words_makes_nothing_forgotten() -> None:
    hearing = Hearing()
    question = await _turn(3, "question")
    hearing.follow(question)
    hearing.follow(await _turn(4))
    hearing.follow(await _turn(5))
    hearing.note(_heard(question, 0, whole=False))
    missed = hearing.cut_off()
    assert missed is not None
    assert missed.utterance == "3.0"


async def test_a_newer_turn_takes_the_place_of_an_older() -> None:
    hearing = Hearing()
    hearing.follow(await _turn(3, "question"))
    newer = await _turn(4, "question")
    hearing.follow(newer)
    hearing.note(_heard(newer, 0, whole=True))
    assert hearing.cut_off() is None


async def test_what_was_played_of_an_older_turn_is_of_no_interest() -> None:
    hearing = Hearing()
    older, newer = await _turn(3, "question"), await _turn(4, "question")
    for turn in (older, newer, await _turn(5)):
        hearing.follow(turn)
    hearing.note(_heard(older, 0, whole=True))
    assert not hearing.played(older)
    assert hearing.last is not None
    assert hearing.last.number == 5

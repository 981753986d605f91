"""The recogniser's doubt: a flag where the words of a mark, or those beside them, are unsure."""

from datetime import UTC, datetime
from typing import Any

import pytest

from grading.doubt import doubtful
from grading.quotes import Quote
from records.model import TurnRecord

pytestmark = pytest.mark.unit


def _turn(text: str, sure: dict[str, float | None], **fields: Any) -> TurnRecord:
    words = [{"word": word, "confidence": sure.get(word, 0.95)} for word in text.split()]
    return TurnRecord(
        **{
            **{"number": 4, "event": {}, "understood": None, "question_id": "q"},
            **{"answers_question": True, "text": text, "confidence": 0.9, "words": words},
            **{"at": datetime(2026, 1, 1, tzinfo=UTC), "used_ms": 0},
            **fields,
        }
    )


SAID = "In most cells the mitochondria make um ATP for the cell"


@pytest.mark.parametrize(
    ("unsure", "quoted", "expected"),
    [
        ({"mitochondria": 0.4}, "the mitochondria make", True),
        ({"mitochondria": 0.6}, "the mitochondria make", False),
        ({"mitochondria": None}, "the mitochondria make", False),
        ({"the": 0.2}, "mitochondria make", True),
        ({"ATP": 0.1}, "mitochondria make", True),
        ({"um": 0.1}, "make um ATP", False),
        ({"cells": 0.1}, "mitochondria make", False),
        ({"In": 0.1}, "cells the mitochondria", False),
    ],
)
def test_low_confidence_at_or_beside_a_telling_word(
    unsure: dict[str, float | None], quoted: str, expected: bool
) -> None:
    assert doubtful(Quote(quoted, 4), [_turn(SAID, unsure)]) is expected


def test_the_threshold_is_the_caller_s() -> None:
    turn = _turn(SAID, {"ATP": 0.7})

    assert doubtful(Quote("ATP", 4), [turn], threshold=0.8)
    assert not doubtful(Quote("ATP", 4), [turn], threshold=0.7)


def test_without_words_the_turn_s_confidence_counts() -> None:
    assert doubtful(Quote("ATP", 4), [_turn("ATP", {}, words=[], confidence=0.3)])
    assert not doubtful(Quote("ATP", 4), [_turn("ATP", {}, words=[], confidence=None)])


def test_a_word_put_in_by_a_teacher_has_no_doubt() -> None:
    heard = _turn("it makes a teepee", {"teepee": 0.2})
    corrected = _turn("it makes ATP", {}, words=heard.words)

    assert not doubtful(Quote("ATP", 4), [corrected])


def test_another_turn_says_nothing() -> None:
    assert not doubtful(Quote("ATP", 9), [_turn("ATP", {"ATP": 0.1})])

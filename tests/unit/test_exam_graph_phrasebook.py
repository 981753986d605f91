"""The phrase book: wordings in turn, amounts in words, and nothing that judges."""

import string
from itertools import pairwise

import pytest

from exam_graph.phrasebook import Phrasebook, phrasebook

pytestmark = pytest.mark.unit

#: What each phrase is filled with, where it is said.
VALUES = {"title", "questions", "time", "number", "count"}
JUDGING = ("good", "great", "excellent", "correct", "right answer", "wrong", "well done", "perfect")


@pytest.fixture
def english() -> Phrasebook:
    return phrasebook("en")


def test_a_language_without_a_phrase_book_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        phrasebook("tlh")


def test_wordings_come_in_turn_and_never_twice_running(english: Phrasebook) -> None:
    count = len(english.wordings["acknowledgement"])
    assert count > 1
    last, said = None, []
    for _ in range(2 * count + 1):
        text, last = english.phrase("acknowledgement", last)
        said.append(text)
    assert said[:count] == list(english.wordings["acknowledgement"])
    assert all(one != other for one, other in pairwise(said))


def test_an_unknown_phrase_is_a_mistake(english: Phrasebook) -> None:
    with pytest.raises(KeyError):
        english.phrase("small_talk", None)


def test_a_phrase_is_filled_in(english: Phrasebook) -> None:
    text, _ = english.phrase("question_number", None, number="2", count="5")
    assert text == "Question 2 of 5."


@pytest.mark.parametrize("name", sorted(phrasebook("en").wordings))
def test_wordings_of_a_phrase_want_the_same_values(english: Phrasebook, name: str) -> None:
    fields = [
        {field for _, field, _, _ in string.Formatter().parse(wording) if field}
        for wording in english.wordings[name]
    ]
    assert all(each == fields[0] for each in fields)
    assert fields[0] <= VALUES


def test_no_acknowledgement_judges(english: Phrasebook) -> None:
    for name in ("acknowledgement", "given_up", "skipped", "practice_done"):
        for wording in english.wordings[name]:
            assert not any(word in wording.lower() for word in JUDGING), wording


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (12 * 60_000, "12 minutes"),
        (4 * 60_000 + 1, "5 minutes"),
        (60_000, "one minute"),
        (59_900, "60 seconds"),
        (30_400, "30 seconds"),
        (1_000, "one second"),
        (0, "0 seconds"),
        (-5, "0 seconds"),
    ],
)
def test_durations_in_words(english: Phrasebook, ms: int, words: str) -> None:
    assert english.duration(ms) == words


def test_amounts_in_words(english: Phrasebook) -> None:
    assert english.amount("question", 1) == "one question"
    assert english.amount("question", 4) == "4 questions"

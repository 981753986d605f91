"""The phrase book: wordings in turn, amounts in words, the same in both languages, no judging."""

import string
from itertools import pairwise
from typing import get_args

import pytest

from exam_graph.asking import count_asks
from exam_graph.guard import faults, opens_with_verdict
from exam_graph.paper import Language
from exam_graph.phrasebook import Phrasebook, phrasebook

pytestmark = pytest.mark.unit

LANGUAGES: tuple[Language, ...] = get_args(Language)

#: What each phrase is filled with, where it is said.
VALUES = {
    "title": "Cell biology",
    "questions": "3 questions",
    "time": "5 minutes",
    "number": "2",
    "count": "5",
    "options": "A or B",
    "language": "English",
    "points": "energy",
}
#: Only these may say what was right; exam mode never uses them.
LEARN = {
    *("greeting_learn", "feedback_right", "feedback_missing", "feedback_nothing"),
    *("encouragement", "hint_intro", "no_more_hints", "explanation_intro", "learn_given_up"),
    *("offer_missed", "closing_learn", "summary_intro", "summary_complete"),
    *("summary_right", "summary_missing", "summary_more"),
}
EVERY = [
    pytest.param(language, name, id=f"{language}-{name}")
    for language in LANGUAGES
    for name in phrasebook(language).wordings
]


@pytest.fixture
def english() -> Phrasebook:
    return phrasebook("en")


def fields(wording: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(wording) if field}


def test_a_language_without_a_phrase_book_is_refused() -> None:
    with pytest.raises(FileNotFoundError):
        phrasebook("tlh")


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_wordings_come_in_turn_and_never_twice_running(language: Language, name: str) -> None:
    book = phrasebook(language)
    count = len(book.wordings[name])
    last, said = None, []
    for _ in range(2 * count + 1):
        text, last = book.phrase(name, last, **VALUES)
        said.append(text)
    assert count >= (4 if name == "acknowledgement" else 2)
    assert len(set(said[:count])) == count
    assert all(one != other for one, other in pairwise(said))


def test_an_unknown_phrase_is_a_mistake(english: Phrasebook) -> None:
    with pytest.raises(KeyError):
        english.phrase("small_talk", None)


def test_a_phrase_is_filled_in(english: Phrasebook) -> None:
    text, _ = english.phrase("question_number", None, number="2", count="5")
    assert text == "Question 2 of 5."


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_have_the_same_phrases_with_the_same_values(
    english: Phrasebook, language: Language
) -> None:
    book = phrasebook(language)
    assert list(book.wordings) == list(english.wordings)
    for name, wordings in book.wordings.items():
        wanted = fields(english.wordings[name][0])
        assert wanted <= set(VALUES)
        assert all(fields(wording) == wanted for wording in wordings), name
    assert set(book.units) == set(english.units)


@pytest.mark.parametrize(("language", "name"), EVERY)
def test_each_phrase_asks_at_most_one_thing_and_judges_nothing(
    language: Language, name: str
) -> None:
    for wording in phrasebook(language).wordings[name]:
        text = wording.format(**VALUES)
        found = faults(text, language=language, max_words=60, exam=name not in LEARN)
        # Unlike a model, the examiner may tell the student what to do: "Please say yes or no."
        assert set(found) <= {"instruction"}, text
        assert text.count("?") <= 1, text
        assert "!" not in text, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_follows_an_answer_neither_asks_nor_judges(language: Language) -> None:
    for name in ("acknowledgement", "given_up", "skipped", "practice_done", "joined"):
        for wording in phrasebook(language).wordings[name]:
            assert not opens_with_verdict(wording, language), wording
            assert count_asks(wording, language) == 0, wording


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
    assert phrasebook("de").amount("minute", 1) == "eine Minute"

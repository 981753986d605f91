"""Text before it is spoken and after it was heard: sentences, numerals, endings, repeats."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_providers import ending, sentences
from local_providers.numerals import spelled

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two? Three!", ["One.", "Two?", "Three!"]),
        ("It is 9.81 m/s. Why?", ["It is 9.81 m/s.", "Why?"]),
        ("Ask Dr. Smith, e.g. Tom.  Then go.", ["Ask Dr. Smith, e.g. Tom.", "Then go."]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("It was I. Nobody else.", ["It was I.", "Nobody else."]),
        ("a line\nanother\n\n", ["a line", "another"]),
        ("  no end  ", ["no end"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, expected: list[str]) -> None:
    assert sentences.split(text) == expected


def test_a_sentence_that_may_go_on_is_kept() -> None:
    assert sentences.take_whole("One. Two") == (["One."], " Two")
    assert sentences.take_whole("One. ") == ([], "One. ")
    assert sentences.take_whole("It is 3.") == ([], "It is 3.")


def test_words_as_they_come_give_the_same_sentences_as_the_whole() -> None:
    text = "First of all, hello. Are you ready? Then we begin with question 1. Good luck!"
    found, rest = [], ""
    for word in text.split():
        whole, rest = sentences.take_whole(rest + word + " ")
        found += whole
    assert found + sentences.split(rest) == sentences.split(text)


@given(st.text(st.sampled_from("aB .!?,\n\"'1"), max_size=900))
def test_no_text_is_lost_and_no_sentence_is_too_long(text: str) -> None:
    found = sentences.split(text)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(0 < len(sentence) <= 300 for sentence in found)


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("42.", "forty two."),
        ("9.81 meters", "nine point eight one meters"),
        ("1,200", "one thousand two hundred"),
        ("0", "zero"),
        ("113", "one hundred thirteen"),
        ("10000", "ten thousand"),
        ("12345678", "one two three four five six seven eight"),
        ("no number", "no number"),
    ],
)
def test_numbers_are_spelled(digits: str, words: str) -> None:
    assert spelled(digits) == words


def test_confidence_rises_with_silence_and_never_gets_certain() -> None:
    values = [ending.confidence(silence / 10, "Done.") for silence in range(700)]
    assert values == sorted(values)
    assert values[0] == 0
    assert values[-1] < 1


@pytest.mark.parametrize("text", ["Done.", "Done", "Done,", "Done and", "Done ...", "Um.", "", "5"])
@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.9])
def test_no_words_reach_a_threshold_before_its_earliest(text: str, threshold: float) -> None:
    assert ending.confidence(ending.earliest(threshold) - 0.001, text) < threshold

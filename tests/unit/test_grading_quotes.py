"""Quotes: word for word, and nothing less."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from grading.quotes import Quote, find_quote

pytestmark = pytest.mark.unit

SAID = "Well, um, the the mitochondria make ATP; it's -3.5 kJ, and 10³ of them fit in a cell."
WORDS = ["cell", "ATP", "it's", "not", "2.5", "Größe", "CO₂", "m/s", "membrane", "-3", "the", "in"]
HESITATIONS = ["um", "uh,", "ähm", "Hmm", "erm…"]


@pytest.mark.parametrize(
    ("quoted", "text"),
    [
        ("THE MITOCHONDRIA MAKE ATP", "the mitochondria make ATP"),
        ("“Well the mitochondria”", "Well, um, the the mitochondria"),
        ("the, um, the mitochondria", "the mitochondria"),
        ("ATP it’s −3.5 kJ", "ATP; it's -3.5 kJ"),
        ("10³ of them", "10³ of them"),
    ],
)
def test_case_punctuation_hesitation_and_repeats_do_not_count(quoted: str, text: str) -> None:
    assert find_quote(quoted, [(7, SAID)]) == Quote(text, 7)


@pytest.mark.parametrize(
    "quoted",
    [
        *("", " ", "…", "um", "uh, um!", "="),
        *(
            "mitochondria made ATP",
            "mitochondria ATP",
            "mitochondria … ATP",
            "ATP make",
            "chondria",
        ),
        *("3.5 kJ", "its", "103 of them", "10 of them", "-35 kJ", "make ATP, and that is energy"),
    ],
)
def test_nothing_else_is_found(quoted: str) -> None:
    assert find_quote(quoted, [(7, SAID)]) is None


def test_a_quote_does_not_go_beyond_a_turn() -> None:
    said = [(2, "It makes"), (5, "ATP, and ATP is energy")]

    assert find_quote("makes ATP", said) is None
    assert find_quote("atp is energy", said) == Quote("ATP is energy", 5)


def test_what_is_a_sound_in_one_language_is_a_word_in_another() -> None:
    assert find_quote("die Zelle teilt er", [(1, "die er Zelle teilt er")], "de") is None
    assert find_quote("the cell", [(1, "the er cell")], "en") == Quote("the er cell", 1)
    assert find_quote("the membrane", [(1, "the ER membrane")], "en") is None


_TURN = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12, unique=True)


@given(_TURN, st.data())
def test_every_span_is_found_however_it_is_written(words: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.integers(start + 1, len(words)))
    said = " ".join(_spoken(word, data) for word in words)
    quoted = " ".join(_spoken(word, data) for word in words[start:end])

    found = find_quote(quoted, [(0, "Nothing at all"), (3, said)])

    assert found is not None
    assert found.turn == 3
    assert found.text in said
    assert find_quote(found.text, [(3, " ".join(words[start:end]))]) is not None


@given(_TURN, st.data())
def test_a_word_replaced_dropped_or_moved_is_not_found(
    words: list[str], data: st.DataObject
) -> None:
    assume(len(words) > 2)
    at = data.draw(st.integers(1, len(words) - 2))
    changed = data.draw(
        st.sampled_from(
            [
                [*words[:at], "ribosome", *words[at + 1 :]],
                [*words[:at], *words[at + 1 :]],
                [*words[:at], words[at + 1], words[at], *words[at + 2 :]],
            ]
        )
    )

    assert find_quote(" ".join(changed), [(1, " ".join(words))]) is None


@given(st.text(), st.text())
def test_what_is_found_stands_in_the_transcript(quoted: str, said: str) -> None:
    found = find_quote(quoted, [(1, said)])

    assert found is None or (found.text and found.text in said)


def _spoken(word: str, data: st.DataObject) -> str:
    """The word in some case, with a sound before it, a mark after it, or said twice."""
    form = data.draw(st.sampled_from([word, word.upper(), word.capitalize()]))
    mark = data.draw(st.sampled_from(["", ",", ".", "!", ' "', " –"]))
    before = data.draw(st.sampled_from(["", *HESITATIONS]))
    again = data.draw(st.sampled_from(["", f" {word}"]))
    return f"{before} {form}{mark}{again}".strip()

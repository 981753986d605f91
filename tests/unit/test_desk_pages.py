"""What a page makes of words, numbers and ranges, and which marks hold."""

from dataclasses import replace

import pytest

from desk.audio import asked
from desk.numbers import whole
from desk.pages import number
from desk.transcript import marked
from desk.words import clock, flag
from records.effective import Override, effective, total
from tests import cohort

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("12", 12),
        ("2147483647", 2**31 - 1),
        ("2147483648", None),
        ("9" * 5000, None),
        ("", None),
        ("-1", None),
        ("1.0", None),
        ("²", None),
        ("٣", None),
        (" 1", None),
    ],
)
def test_only_whole_numbers_that_a_database_keeps_are_numbers(
    text: str, number: int | None
) -> None:
    assert whole(text) == number


@pytest.mark.parametrize(
    ("text", "quotes", "pieces"),
    [
        ("It makes ATP.", ["makes ATP"], [("It ", False), ("makes ATP", True), (".", False)]),
        ("It makes ATP.", [], [("It makes ATP.", False)]),
        ("It makes ATP.", ["", "oxygen"], [("It makes ATP.", False)]),
        # Where they overlap, and where they meet, they are one piece.
        ("a b c d", ["a b", "b c"], [("a b c", True), (" d", False)]),
        ("so so", ["so"], [("so", True), (" ", False), ("so", True)]),
        ("", ["x"], []),
    ],
)
def test_quotes_are_marked_where_they_stand(
    text: str, quotes: list[str], pieces: list[tuple[str, bool]]
) -> None:
    found = marked(text, quotes)
    assert found == pieces
    assert "".join(piece for piece, _ in found) == text


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        (None, 0, 99),
        ("bytes=0-", 0, 99),
        ("bytes=10-19", 10, 19),
        ("bytes=90-500", 90, 99),
        ("bytes=-10", 90, 99),
        ("bytes=-500", 0, 99),
        ("bytes=-", 0, 99),
        ("bytes=0-1,5-6", 0, 99),
        ("lines=1-2", 0, 99),
        ("bytes=" + "9" * 5000 + "-", 0, 99),
    ],
)
def test_a_browser_gets_the_bytes_that_it_asks_for(
    header: str | None, first: int, last: int
) -> None:
    assert asked(header, 100) == (first, last)


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0", "bytes=20-10"])
def test_a_range_without_bytes_is_known_as_one(header: str) -> None:
    first, last = asked(header, 100)
    assert first > last


def _word(number: int, marks: float, question: str = "q1") -> Override:
    return Override(number, question, 2, marks, "She said so.", "eve", cohort.NOW)


def test_the_last_word_of_a_teacher_holds_and_is_not_provisional() -> None:
    provisional = replace(cohort.mark("q1", 2), provisional=True)
    first, second = effective(
        [cohort.mark("q2", 1), provisional], [_word(2, 1.5), _word(1, 3), _word(3, 0, "q9")]
    )
    assert (first.question_id, first.marks, first.overridden) == ("q1", 1.5, True)
    assert not first.provisional
    assert first.mark == provisional
    assert (second.question_id, second.marks, second.overridden) == ("q2", 1, False)
    assert total([first, second]) == 2.5


def test_there_is_no_sum_while_an_answer_has_no_mark() -> None:
    marks = [cohort.mark("q1", 2), cohort.mark("q2", None)]
    assert total(effective(marks, [])) is None
    assert total(effective(marks, [_word(1, 0, "q2")])) == 2
    assert total([]) is None


def test_numbers_and_words_are_written_for_people() -> None:
    assert [number(each) for each in (None, 0.0, 2.5, 3.0, 1 / 3)] == ["–", "0", "2.5", "3", "0.33"]
    assert [clock(each) for each in (None, 0, 61_500)] == ["", "0:00", "1:01"]
    assert flag("graders_disagree") == "graders disagree"
    assert flag("something_new") == "something new"

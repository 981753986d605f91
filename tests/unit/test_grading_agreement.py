"""Agreement of two markers, against values computed by hand and from the literature."""

import math
from pathlib import Path

import pytest

from grading.agreement import Pair, agreement, greatest_step, weighted_kappa
from grading.calibration import calibrate
from grading.calibration_compared import Compared, Machine, compare_rows, first_opinions
from grading.marked_file import MarkedError, MarkedRow, read_marked
from records.marking import Mark

pytestmark = pytest.mark.unit


# The first three are those that Kaggle's ml_metrics library is tested with; the fourth shows that
# a mark that nobody gave keeps the others apart (1 - (18/3) / (52/9)); the last is all chance.
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([1, 2, 3], [1, 2, 3], 1.0),
        ([1, 2, 1], [1, 2, 2], 0.4),
        ([1, 2, 3, 1, 2, 2, 3], [1, 2, 3, 1, 2, 3, 2], 0.75),
        ([0, 1, 4], [0, 4, 1], -1 / 26),
        ([0, 0, 2, 2], [0, 2, 0, 2], 0.0),
        ([0, 4], [4, 0], -1.0),
    ],
)
def test_kappa_is_that_of_the_literature(
    first: list[float], second: list[float], expected: float
) -> None:
    assert weighted_kappa(first, second, 1.0) == pytest.approx(expected)


def test_kappa_is_the_same_in_half_marks() -> None:
    whole = weighted_kappa([1, 2, 3, 1, 2, 2, 3], [1, 2, 3, 1, 2, 3, 2], 1.0)
    halves = weighted_kappa([0.5, 1, 1.5, 0.5, 1, 1, 1.5], [0.5, 1, 1.5, 0.5, 1, 1.5, 1], 0.5)
    assert halves == pytest.approx(whole)


def test_kappa_tells_nothing_where_all_marks_are_the_same() -> None:
    assert weighted_kappa([2, 2, 2], [2, 2, 2], 1.0) is None


@pytest.mark.parametrize(
    ("marks", "step"),
    [
        ([0, 1, 4], 1.0),
        ([2, 4, 6], 1.0),
        ([0, 0.5, 3], 0.5),
        ([0.25, 1], 0.25),
        ([0.33, 0.67, 2], 1 / 3),
        ([0.5, 1 / 3], 1 / 6),
        ([0.2, 0.6], 0.2),
        ([0.37], 0.37),
        ([0, 0], 1.0),
    ],
)
def test_the_greatest_step_that_all_marks_share(marks: list[float], step: float) -> None:
    assert greatest_step(marks) == pytest.approx(step, abs=0.005)


def test_shares_and_bias_are_counted_by_hand() -> None:
    pairs = [Pair(2, 2, "a"), Pair(1, 1.5, "a"), Pair(0, 1, "b"), Pair(3, 0.5, "c")]
    found = agreement(pairs, 0.5)
    assert found is not None
    assert (found.n, found.exact, found.within_step, found.within_mark) == (4, 0.25, 0.5, 0.75)
    assert found.bias == pytest.approx((0 + 0.5 + 1 - 2.5) / 4)
    assert found.distance == pytest.approx(4 / 4)


def test_without_pairs_there_is_no_agreement() -> None:
    assert agreement([], 1.0) is None


def test_the_interval_is_the_same_each_time_and_holds_the_bias() -> None:
    pairs = [Pair(1, 1 + (number % 3) / 2, number) for number in range(60)]
    one, other = agreement(pairs, 0.5), agreement(pairs, 0.5)
    assert one == other and one is not None and one.interval is not None
    low, high = one.interval
    # The normal approximation: 0.5 ± 1.96 · 0.408 / √60.
    assert low == pytest.approx(0.5 - 0.1033, abs=0.02)
    assert high == pytest.approx(0.5 + 0.1033, abs=0.02)


def test_answers_of_one_student_count_as_one_when_chance_is_judged() -> None:
    alone = agreement([Pair(0, number % 2, number) for number in range(40)], 1.0)
    together = agreement([Pair(0, number // 20, number // 20) for number in range(40)], 1.0)
    assert alone is not None and together is not None
    assert alone.interval is not None
    assert together.interval == (0.0, 1.0)
    assert alone.interval[1] - alone.interval[0] < 0.4


def test_one_student_has_no_interval() -> None:
    found = agreement([Pair(0, 1, "a"), Pair(1, 1, "a")], 1.0)
    assert found is not None and found.interval is None


# The file


def _file(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = path / "marked.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_file_from_a_german_spreadsheet_reads_as_well(tmp_path: Path) -> None:
    text = "Sitting;Question;Marks;Marks_Anna;Native_Language\r\nab12;q1;1,5;2;Türkisch\r\n"
    marked = read_marked(_file(tmp_path, text, "utf-8-sig"))
    (row,) = marked.rows
    assert (row.sitting, row.question, row.marks) == ("ab12", "q1", 1.5)
    assert marked.markers == ["anna"] and row.further == {"anna": 2.0}
    assert marked.groups == ["native_language"] and row.groups == {"native_language": "Türkisch"}


def test_no_mark_is_not_a_zero(tmp_path: Path) -> None:
    marked = read_marked(_file(tmp_path, "sitting,question,marks\nab,q1,\nab,q2,0\n"))
    assert [row.marks for row in marked.rows] == [None, 0.0]


@pytest.mark.parametrize(
    ("text", "line", "field", "reason"),
    [
        ("", 1, "", "empty"),
        ("sitting,marks\na,1\n", 1, "question", "no such column"),
        ("sitting,question,marks,marks\na,q,1,1\n", 1, "marks", "more than once"),
        ("sitting,question,marks\na,q,1\na,r,two\n", 3, "marks", "not a number"),
        ("sitting,question,marks\na,q,nan\n", 2, "marks", "not a number"),
        ("sitting,question,marks\na,q,inf\n", 2, "marks", "not a number"),
        ("sitting,question,marks\na,q,-1\n", 2, "marks", "less than 0"),
        ("sitting,question,marks\n,q,1\n", 2, "sitting", "missing"),
        ("sitting,question,marks\na,q,1,5\n", 2, "", "4 fields"),
        ("sitting,question,marks\na,q,1\n\na,q,2\n", 4, "", "line 2"),
        ("sitting,question,marks\n", 1, "", "no marks"),
        ('sitting,question,marks\n"a\nb",q,1\nc,q,x\n', 4, "marks", "not a number"),
        ('sitting,question,marks\na,q,"1"2\n', 2, "", "not CSV"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, text: str, line: int, field: str, reason: str
) -> None:
    with pytest.raises(MarkedError) as caught:
        read_marked(_file(tmp_path, text))
    (problem,) = caught.value.problems
    assert (problem.line, problem.field) == (line, field)
    assert reason in problem.reason


def test_another_encoding_is_refused_rather_than_guessed(tmp_path: Path) -> None:
    path = _file(tmp_path, "sitting,question,marks,land\na,q,1,Österreich\n", "cp1252")
    with pytest.raises(MarkedError, match="UTF-8"):
        read_marked(path)


# The report

_PAPER = {
    "questions": [
        {"id": "q1", "marks": 3, "points": [{"id": "a", "marks": 1}, {"id": "b", "marks": 2}]},
        {"id": "q2", "marks": 1},
    ]
}


def _opinion(
    name: str, model: str, round_: int, a: float | None, b: float = 0.0
) -> dict[str, object]:
    points = [{"id": "a", "marks": a}, {"id": "b", "marks": b}]
    return {
        "name": name,
        "model": model,
        "round": round_,
        "marks": None if a is None else a + b,
        "points": [] if a is None else points,
    }


def _mark(a: float | None, b: float = 0.0, graders: list[dict[str, object]] | None = None) -> Mark:
    points = [] if a is None else [{"id": "a", "marks": a}, {"id": "b", "marks": b}]
    return Mark(
        question_id="q1",
        position=0,
        state="ungraded" if a is None else "graded",
        marks=None if a is None else a + b,
        out_of=3,
        spread=None,
        provisional=False,
        points=points,
        flags=[],
        graders=graders or [],
        paper_hash="",
        answer_hash="",
    )


def _row(
    line: int, sitting: str, marks: float | None, *, point: str = "", group: str = ""
) -> MarkedRow:
    groups = {"language": group}
    return MarkedRow(line, sitting, "", "q1", point, "", "", marks, {}, groups)


def _compared(rows: list[MarkedRow], marks: dict[str, Mark]) -> list[Compared]:
    def find(row: MarkedRow) -> Machine:
        mark = marks.get(row.sitting)
        return Machine(row.sitting, "cells", _PAPER, {"q1": mark} if mark else None)

    return compare_rows(rows, find)


def test_what_is_ungraded_is_counted_and_never_a_zero() -> None:
    rows = [_row(2, "a", 3), _row(3, "b", 3), _row(4, "c", 3), _row(5, "d", None)]
    report = calibrate(_compared(rows, {"a": _mark(1, 2), "b": _mark(None), "d": _mark(1, 2)}))
    assert report.machine is not None
    assert (report.machine.agreement.n, report.machine.agreement.bias) == (1, 0.0)
    assert report.counts == {
        "questions": 4,
        "compared": 1,
        "ungraded": 1,
        "unmarked": 1,
        "without_human": 1,
        "provisional": 0,
    }
    assert any("not taken as 0" in warning for warning in report.warnings)


def test_the_marks_of_all_points_make_that_of_the_question() -> None:
    rows = [
        _row(2, "a", 1, point="a"),
        _row(3, "a", 0, point="b"),
        _row(4, "b", 1, point="a"),
    ]
    compared = _compared(rows, {"a": _mark(1, 2), "b": _mark(1, 2)})
    (whole,) = [one for one in compared if not one.point]
    assert (whole.cluster, whole.human, whole.machine, whole.out_of) == ("a", 1.0, 3.0, 3.0)


def test_the_points_that_disagree_most_come_first() -> None:
    rows = [
        _row(2, "a", 1, point="a"),
        _row(3, "a", 0, point="b"),
        _row(4, "b", 1, point="a"),
        _row(5, "b", 1, point="b"),
    ]
    report = calibrate(_compared(rows, {"a": _mark(1, 2), "b": _mark(0.5, 2)}))
    assert [(point.point, point.distance, point.bias) for point in report.points] == [
        ("b", 0.75, 0.75),
        ("a", 0.25, -0.25),
    ]


def test_graders_are_compared_on_what_they_said_before_they_saw_the_others() -> None:
    graders = [
        _opinion("g1", "model/x", 1, 1, 2),
        _opinion("g2", "model/y", 1, 0, 2),
        _opinion("g3", "model/z", 1, 1) | {"words": "whole"},
        _opinion("g2", "model/y", 2, 1, 2),
        _opinion("g3", "model/z", 1, None),
    ]
    assert [(one["name"], one["marks"]) for one in first_opinions(graders)] == [
        ("g1", 3),
        ("g2", 2),
    ]
    report = calibrate(_compared([_row(2, "a", 2)], {"a": _mark(1, 2, graders)}))
    (line,) = report.graders
    assert line.markers == ("model/x", "model/y")
    assert (line.agreement.n, line.agreement.bias) == (1, -1.0)
    # The human gave no marks for the points: the graders can be compared on them all the same.
    first = report.points[0]
    assert (first.point, first.n, first.graders_n, first.graders_distance) == ("a", 0, 1, 1.0)
    assert [line.markers[1] for line in report.graders_humans] == ["model/x", "model/y"]


def test_bias_is_told_by_group_and_few_are_warned_of() -> None:
    rows = [_row(2, "a", 3, group="Turkish"), _row(3, "b", 3, group="English")]
    report = calibrate(_compared(rows, {"a": _mark(1, 1), "b": _mark(1, 2)}), "language")
    assert [(line.name, line.agreement.bias) for line in report.groups] == [
        (("English",), 0.0),
        (("Turkish",), -1.0),
    ]
    assert "Only 1 marks in group Turkish." in report.warnings


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        (_row(7, "a", 4), "marks", "more than the 3"),
        (_row(7, "a", 2, point="a"), "marks", "more than the 1"),
        (_row(7, "a", 1, point="c"), "point", "there are: a, b"),
    ],
)
def test_a_line_that_does_not_fit_the_paper_is_refused(
    row: MarkedRow, field: str, reason: str
) -> None:
    with pytest.raises(MarkedError) as caught:
        _compared([row], {"a": _mark(1, 2)})
    (problem,) = caught.value.problems
    assert (problem.line, problem.field) == (7, field)
    assert reason in problem.reason


def test_further_markers_are_the_measure_of_what_can_be_expected(tmp_path: Path) -> None:
    text = "sitting,question,marks,marks_anna\na,q1,3,2\nb,q1,1,1\n"
    marked = read_marked(_file(tmp_path, text))
    report = calibrate(_compared(marked.rows, {"a": _mark(1, 2), "b": _mark(1, 0)}))
    assert {line.markers: line.agreement.exact for line in report.humans} == {
        ("human", "anna"): 0.5,
        ("anna", "machine"): 0.5,
    }
    assert report.machine is not None and math.isclose(report.machine.agreement.exact, 1.0)

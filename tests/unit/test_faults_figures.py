"""The table of faults: one line for each fault that was measured, one for each row that was not."""

import json
from pathlib import Path

import pytest

from tests.faults.figures import Figures, Gathered, write

pytestmark = pytest.mark.unit


def _figures(row: int) -> Figures:
    figures = Figures(row, "killed")
    figures.struck = 100.0
    figures.told(103.214)
    figures.recovered(104.0)
    figures.lost = 0
    return figures


def _entry(gathered: Gathered, row: int) -> dict[str, object]:
    (found,) = [each for each in gathered.entries() if each["row"] == row]
    return found


def test_what_was_measured_is_told_in_seconds_from_the_fault() -> None:
    gathered = Gathered()
    gathered.note("tests/faults/test_x.py::test_row_01", _figures(1), True)
    assert _entry(gathered, 1) == {
        "row": 1,
        "fault": "killed",
        "noticed_s": 3.21,
        "told_s": 3.21,
        "recovered_s": 4.0,
        "lost": 0,
        "scale": 1.0,
        "ok": True,
    }


def test_the_last_run_of_a_test_counts() -> None:
    gathered = Gathered()
    gathered.note("tests/faults/test_x.py::test_row_01", _figures(1), False)
    gathered.note("tests/faults/test_x.py::test_row_01", _figures(1), True)
    assert _entry(gathered, 1)["ok"] is True


def test_a_row_that_others_test_is_good_when_all_of_its_tests_are() -> None:
    gathered = Gathered()
    gathered.note("tests/security/test_y.py::test_row_19_a", None, True)
    gathered.note("tests/security/test_y.py::test_row_19_b", None, False)
    gathered.note("tests/security/test_y.py::test_no_row", None, False)
    assert _entry(gathered, 19)["ok"] is False
    assert not gathered.measured


def test_it_is_written_for_programs_and_for_people(tmp_path: Path) -> None:
    gathered = Gathered()
    gathered.note("tests/faults/test_x.py::test_row_02", _figures(2), False)
    write(gathered.entries(), tmp_path)
    assert json.loads((tmp_path / "faults.json").read_text()) == gathered.entries()
    assert "| 2 | killed | 3.2 | 3.2 | 4.0 | 0 | 1.0 | NO |" in (tmp_path / "faults.md").read_text()

"""`calibrate` on a record, and on answers that stand in a file."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from exam_graph.paper import Paper
from grading import calibration_door
from grading.calibration import calibrate
from grading.calibration_grading import graded
from grading.marked_file import read_marked
from grading.settings import Settings
from tests.cohort import (
    PAPER,
    grade,
    key_file,
    mark,
    override,
    sit,
)
from tests.graders.graders import panel

pytestmark = pytest.mark.flow

app = typer.Typer()
app.add_typer(calibration_door.app)


def _command(*words: str | Path, answer: str = "") -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], input=answer)


def _three(url: str) -> dict[str, str]:
    """ann and bob are marked, cem is not yet."""
    there = asyncio.run(sit(url, "ann", "bob", "cem"))
    marks = {
        there["ann"]: (mark("q1", 2, (2, 3)), mark("q2", 0)),
        there["bob"]: (mark("q1", 1, (1, 1)), mark("q2", None)),
    }
    asyncio.run(grade(url, marks))
    return there


# Calibrating


def _marked(path: Path, there: Mapping[str, str]) -> Path:
    file = path / "marked.csv"
    lines = [
        "sitting,question,marks,native_language",
        f"{there['ann']},q1,3,Turkish",
        f"{there['ann']},q2,0,Turkish",
        f"{there['bob'][:12]},q1,1,English",
        f"{there['bob'][:12]},q2,1,English",
        f"{there['cem']},q1,3,English",
    ]
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_humans_marks_are_compared_with_those_in_the_record(url: str, tmp_path: Path) -> None:
    marked = _marked(tmp_path, _three(url))
    told = _command("calibrate", marked, "--by", "native_language", "--json")
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    assert report["counts"] == {
        "questions": 5,
        "compared": 3,
        "ungraded": 1,
        "unmarked": 1,
        "without_human": 0,
        "provisional": 0,
    }
    found = report["machine"]["agreement"]
    assert (found["n"], found["bias"]) == (3, pytest.approx(-1 / 3))
    assert found["exact"] == pytest.approx(2 / 3)
    # Human 3 0 1, machine 2 0 1: (a - b)² is 1/3 in the mean, and by chance 21/9.
    assert found["kappa"] == pytest.approx(1 - (1 / 3) / (21 / 9))
    groups = {line["name"][0]: line["agreement"]["bias"] for line in report["groups"]}
    assert groups == {"Turkish": -0.5, "English": 0.0}
    (graders,) = report["graders"]
    assert graders["markers"] == ["model/0", "model/1"]
    assert (graders["agreement"]["n"], graders["agreement"]["exact"]) == (2, 0.5)


def test_the_report_can_be_read_and_its_plots_seen(url: str, tmp_path: Path) -> None:
    marked = _marked(tmp_path, _three(url))
    out = tmp_path / "out"
    told = _command("calibrate", marked, "--by", "Native_Language", "--out", out)
    assert told.exit_code == 0, told.output
    assert "1 ungraded: they are left out, not taken as 0." in told.stdout
    assert "Turkish" in told.stdout
    names = {"agreement.png", "agreement.svg", "groups.png", "groups.svg", "report.json"}
    assert {path.name for path in out.iterdir()} == names
    assert (out / "agreement.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "report.json").read_text())["by"] == "native_language"


def test_a_teachers_own_mark_is_not_taken_for_the_machines(url: str, tmp_path: Path) -> None:
    there = _three(url)
    asyncio.run(override(url, there["ann"], 3))
    told = _command("calibrate", _marked(tmp_path, there), "--json")
    assert json.loads(told.stdout)["machine"]["agreement"]["bias"] == pytest.approx(-1 / 3)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ffff,q1,1", "line 2: sitting: there is no sitting 'ffff'"),
        ("{ann},q9,1", "line 2: question: the sitting has no question 'q9'"),
        ("{ann},q1,4", "line 2: marks: 4 is more than the 3"),
    ],
)
def test_lines_that_the_record_knows_nothing_of_are_named(
    url: str, tmp_path: Path, line: str, told: str
) -> None:
    there = _three(url)
    file = tmp_path / "marked.csv"
    file.write_text("sitting,question,marks\n" + line.format(ann=there["ann"]) + "\n")
    result = _command("calibrate", file)
    assert result.exit_code == 1
    assert told in result.stderr


def test_one_sitting_by_two_names_is_still_the_same(url: str, tmp_path: Path) -> None:
    ann = _three(url)["ann"]
    file = tmp_path / "marked.csv"
    file.write_text(f"sitting,question,marks\n{ann},q1,1\n{ann[:20]},q1,2\n")
    result = _command("calibrate", file)
    assert result.exit_code == 1
    assert "line 3: an earlier line is of the same sitting" in result.stderr


def test_a_group_column_that_is_not_there_is_named(url: str, tmp_path: Path) -> None:
    result = _command("calibrate", _marked(tmp_path, _three(url)), "--by", "shoe_size")
    assert result.exit_code == 1
    assert "'shoe_size'; it has: native_language" in result.stderr


# Marking on the spot


def _answers(path: Path, *lines: str) -> Path:
    file = path / "answers.csv"
    file.write_text("\n".join(["exam;question;answer;value;marks;sex", *lines]) + "\n")
    return file


def test_answers_in_the_file_are_marked_on_the_spot(keyless: str, tmp_path: Path) -> None:
    file = _answers(
        tmp_path,
        "cells;q1;It makes ATP, you see, and it uses oxygen.;;3;f",
        "cells;q1;I once had a dog.;;0;m",
        "cells;q2;the second;B;1;f",
        "cells;q2;the first;A;1;m",
        "cells;q2;the green one;;1;m",
    )
    told = _command(
        "calibrate", file, "--grade", "--paper", key_file(tmp_path), "--by", "sex", "--json"
    )
    assert told.exit_code == 0, told.output
    report = json.loads(told.stdout)
    assert (report["counts"]["compared"], report["counts"]["ungraded"]) == (4, 1)
    assert report["counts"]["provisional"] == 2
    groups = {line["name"][0]: line["agreement"]["bias"] for line in report["groups"]}
    assert groups == {"f": 0.0, "m": -0.5}


def test_without_a_file_it_is_marked_by_the_published_paper(keyless: str, tmp_path: Path) -> None:
    asyncio.run(sit(keyless))
    told = _command(
        "calibrate", _answers(tmp_path, "cells;q2;the first;A;1;m"), "--grade", "--json"
    )
    assert json.loads(told.stdout)["machine"]["agreement"]["exact"] == 1.0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("roots;q1;Water.;;1;f", "line 2: exam: there is no paper of exam 'roots'"),
        ("cells;q7;Water.;;1;f", "line 2: question: the paper has no question 'q7'"),
        ("cells;q1;Water.;;9;f", "line 2: marks: 9 is more than the 3"),
    ],
)
def test_answers_that_cannot_be_marked_are_named_first(
    keyless: str, tmp_path: Path, line: str, told: str
) -> None:
    asyncio.run(sit(keyless))
    result = _command("calibrate", _answers(tmp_path, line), "--grade")
    assert result.exit_code == 1
    assert told in result.stderr


async def test_models_are_asked_and_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit beyond one's patience puts an answer off, and takes nothing from it."""
    file = _answers(
        tmp_path, "cells;q1;It makes ATP.;;1;f", "cells;q1;It uses oxygen, and it makes ATP.;;3;m"
    )
    async with panel("good", "lazy", "rate_limited_once") as graders:
        for name, value in graders.environment.items():
            monkeypatch.setenv(name, value)
        settings = Settings(grading_patience_s=0.001)
        paper = Paper.model_validate(PAPER)
        marked = read_marked(file, with_answers=True)
        report = calibrate(await graded(marked, {"cells": paper}, settings), "sex")
    assert (report.counts["compared"], report.counts["ungraded"]) == (2, 0)
    good, lazy, late = graders.models
    assert {frozenset(line.markers): line.agreement.distance for line in report.graders} == {
        frozenset({good, lazy}): 2.0,
        frozenset({good, late}): 0.0,
        frozenset({lazy, late}): 2.0,
    }
    assert {line.markers[1]: line.agreement.bias for line in report.graders_humans} == {
        good: 0.0,
        lazy: -2.0,
        late: 0.0,
    }
    assert [line.agreement.n for line in report.groups] == [1, 1]

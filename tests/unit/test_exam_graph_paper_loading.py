"""From a file to a paper: every fault with line, field, code and a plain reason."""

from pathlib import Path
from textwrap import dedent

import pytest

from exam_graph.loading import PaperError, Problem, load, load_with_source, paper_files
from exam_graph.source import MAX_BYTES

pytestmark = pytest.mark.unit

EXAMS = Path(__file__).parents[2] / "exams"

GOOD = """\
id: sample
title: A sample
duration_minutes: 5
questions:
  - id: energy
    kind: open
    ask: "Why?"
    marks: 2
    points:
      - {id: atp, marks: 2, looks_for: "produces ATP"}
"""


def write(folder: Path, text: str | bytes, name: str = "sample.yaml") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else dedent(text).encode())
    return path


def problems(path: Path) -> list[Problem]:
    with pytest.raises(PaperError) as caught:
        load(path)
    return caught.value.problems


def found(folder: Path, text: str | bytes) -> list[tuple[int, str, str]]:
    return [(each.line, each.field, each.code) for each in problems(write(folder, text))]


def test_a_good_paper_loads(tmp_path: Path) -> None:
    loaded = load_with_source(write(tmp_path, GOOD))
    assert loaded.paper.question("energy").marks == 2
    assert loaded.source.line(("questions", 0, "points", 0, "looks_for")) == 10


def test_the_message_names_file_line_field_and_reason(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("marks: 2, looks", "marks: 1, looks"))
    with pytest.raises(PaperError) as caught:
        load(path)
    assert str(caught.value) == (
        f"{path}:9: questions[0].points: the points add up to 1, but the question has 2 marks"
    )


def test_all_faults_are_reported_at_once_in_the_files_order(tmp_path: Path) -> None:
    text = """\
    id: sample
    title: 12
    langage: en
    duration_minutes: .inf
    questions:
      - id: a
        kind: open
        ask: "Why?"
        marks: 2
        points:
          - {id: p, marks: 1, looks_for: x, prob: y}
          - {id: p, marks: "1", looks_for: x}
      - kind: essay
        id: b
      - id: c
        ask: "Why?"
      - id: d
        kind: choice
        marks: 1
        options: [one, two]
        correct: C
      - id: e
        kind: short
        ask: "Why?"
        marks: 1
        value: yes
    """
    assert found(tmp_path, text) == [
        (2, "title", "wrong_type"),
        (3, "langage", "unknown_field"),
        (4, "duration_minutes", "out_of_range"),
        (11, "questions[0].points[0].prob", "unknown_field"),
        (12, "questions[0].points[1].marks", "wrong_type"),
        (13, "questions[1]", "bad_value"),
        (15, "questions[2]", "missing"),
        (17, "questions[3].ask", "missing"),
        (21, "questions[3].correct", "correct_out_of_range"),
        (26, "questions[4].value", "wrong_type"),
    ]


def test_a_misspelt_field_is_recognised(tmp_path: Path) -> None:
    reasons = [each.reason for each in problems(write(tmp_path, GOOD.replace("looks", "look")))]
    assert any("did you mean `looks_for`?" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (1, "", "empty")),
        ("# nothing\n", (1, "", "empty")),
        ("- a\n- b\n", (1, "", "wrong_type")),
        ("id: a\n  b: c\n", (2, "", "yaml_syntax")),
        ("id: a\nid: b\n", (2, "id", "duplicate_key")),
        ("a: {b: 1, c: {d: 1, d: 2}}\n", (1, "a.c.d", "duplicate_key")),
        ("id: &a x\ntitle: *a\n", (1, "", "yaml_syntax")),
        ("id: x\ntitle: !!python/name:os.system x\n", (2, "title", "bad_value")),
        ("id: !!set {a, b}\n", (1, "id", "tag")),
        ("id: a\n---\nid: b\n", (2, "", "yaml_syntax")),
        ("? [a]\n: 1\n", (1, "", "bad_key")),
        ("id: a\ntitle: a\x07\n", (2, "", "yaml_syntax")),
        (b"id: a\ntitle: \xff\n", (2, "", "not_utf8")),
        ("id: " + "[" * 50_000, (1, "", "yaml_syntax")),
        ("marks: " + "9" * 9000, (1, "marks", "bad_value")),
        ("x" * (MAX_BYTES + 1), (1, "", "too_large")),
    ],
)
def test_files_that_are_no_plain_yaml(
    tmp_path: Path, text: str | bytes, expected: tuple[int, str, str]
) -> None:
    assert found(tmp_path, text) == [expected]


def test_a_number_beyond_all_floats_is_refused(tmp_path: Path) -> None:
    text = GOOD.replace("duration_minutes: 5", f"duration_minutes: {'9' * 400}")
    assert [each[1] for each in found(tmp_path, text)] == ["duration_minutes"]


def test_merge_keys_are_fields_like_others(tmp_path: Path) -> None:
    assert (1, "<<", "unknown_field") in found(tmp_path, "<<: {id: sample}\n" + GOOD)


def test_the_id_is_the_files_name(tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, GOOD, "other.yaml"))
    assert (problem.line, problem.field, problem.code) == (1, "id", "id_not_file_name")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path / "none.yaml")
    assert problem.code == "unreadable"


def test_the_robots_scripts_are_no_papers(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    write(tmp_path, "exam: sample", "sample.robot.yaml")
    assert [file.name for file in paper_files(tmp_path)] == ["sample.yaml"]


@pytest.mark.parametrize("file", paper_files(EXAMS), ids=lambda file: file.stem)
def test_the_example_papers_load(file: Path) -> None:
    assert load(file).id == file.stem

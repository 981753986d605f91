"""Scripts of the robot student: what is understood, and what is refused with which words."""

from pathlib import Path

import pytest
import yaml

from robot_student.errors import ScriptError
from robot_student.script import BargeIn, PauseInside, Press, Say, Wait, load

pytestmark = pytest.mark.unit

WHOLE = """\
exam: cell-biology
soundcheck: "Yes, I can."
questions:
  mitochondria:
    - say: "Could you repeat that, please?"
    - {when: probe, say: "In the cell."}
    - barge_in: {after_seconds: 1, say: "Wait, sorry."}
  golgi: "It packs proteins."
  atp:
    - press: skip
    - wait: 2.5
    - pause_inside: ["It uses oxygen and", 2, "it gives energy"]
anything_else: "I do not know."
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "cells.robot.yaml"
    path.write_text(text)
    return path


def test_every_kind_of_step(tmp_path: Path) -> None:
    script = load(write(tmp_path, WHOLE))

    kinds = [type(step) for steps in script.questions.values() for step in steps]
    assert kinds == [Say, Say, BargeIn, Say, Press, Wait, PauseInside]
    assert script.questions["golgi"] == [Say(say="It packs proteins.")]
    assert script.soundcheck == [Say(say="Yes, I can.")]
    assert script.words() == [
        "Yes, I can.",
        "I like to read.",
        "Could you repeat that, please?",
        "In the cell.",
        "Wait, sorry.",
        "It packs proteins.",
        "It uses oxygen and",
        "it gives energy",
        "I do not know.",
    ]


@pytest.mark.parametrize(
    ("steps", "fault"),
    [
        ("say: yes", "5: questions.q[0].say: Input should be a valid string"),
        ("say: ''", "5: questions.q[0].say: String should have at least 1 character"),
        ("sya: hello", "5: questions.q[0]: a step has one of say, barge_in, press, wait, pau"),
        ("just words", "5: questions.q[0]: a step has one of say, barge_in, press, wait, pau"),
        ("{say: hello, press: skip}", "5: questions.q[0].press: Extra inputs are not permitted"),
        ("press: stop", "5: questions.q[0].press: Input should be 'repeat', 'skip', 'pause'"),
        ("wait: -1", "5: questions.q[0].wait: Input should be greater than 0"),
        ("barge_in: {after_seconds: 1}", "5: questions.q[0].barge_in.say: Field required"),
        ("pause_inside: [a, 2]", "5: questions.q[0].pause_inside: must be words, seconds, words"),
        ("pause_inside: [2, a, 2]", "5: questions.q[0].pause_inside: must be words, seconds"),
    ],
)
def test_a_wrong_step_is_named_with_its_line(tmp_path: Path, steps: str, fault: str) -> None:
    path = write(tmp_path, f"exam: x\nsoundcheck: here\nquestions:\n  q:\n    - {steps}\n")

    with pytest.raises(ScriptError) as refused:
        load(path)

    assert str(refused.value).startswith(f"{path}:{fault}")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("questions: {}\n", "1: exam: Field required"),
        ("exam: x\nquestions: {}\nvoice: joe\n", "3: voice: Extra inputs are not permitted"),
        ("exam: x\nquestions:\n  a: one\n  a: two\n", "4: a: is there twice"),
        ("exam: x\nquestions: [\n", "3: "),
        ("- exam\n", "1: must be a mapping with `exam` and `questions`"),
        ("", "1: must be a mapping with `exam` and `questions`"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, text: str, fault: str) -> None:
    path = write(tmp_path, text)

    with pytest.raises(ScriptError) as refused:
        load(path)

    assert str(refused.value).startswith(f"{path}:{fault}")


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "exam: 3\nquestions:\n  q:\n    - wait: long\n")

    with pytest.raises(ScriptError) as refused:
        load(path)

    assert [problem.line for problem in refused.value.problems] == [1, 4]


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="cannot be read: No such file"):
        load(tmp_path / "none.yaml")


EXAMS = Path(__file__).parents[2] / "exams"


@pytest.mark.parametrize("path", sorted(EXAMS.glob("*.robot.yaml")), ids=lambda path: path.name)
def test_the_scripts_of_the_example_papers_fit_their_papers(path: Path) -> None:
    script = load(path)
    paper = yaml.safe_load((EXAMS / path.name.replace(".robot.yaml", ".yaml")).read_text())

    assert script.exam == paper["id"]
    assert set(script.questions) <= {question["id"] for question in paper["questions"]}

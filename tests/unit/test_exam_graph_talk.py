"""Talking to the examiner in text: the written dialogues there are, their format, and the door."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from exam_graph.__main__ import app
from exam_graph.dialogue_file import Dialogue, DialogueError, load_dialogues

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
CONVERSATIONS = sorted((ROOT / "tests" / "flow" / "conversations").glob("*.yaml"))
PAPER = ROOT / "exams" / "cell-biology.yaml"
CELLS = ROOT / "tests" / "flow" / "papers" / "cells.yaml"

ROWS = {
    "answers fully",
    "answers in part",
    "answers in several turns",
    "gives up",
    "uses command words inside an answer",
    "asks to repeat",
    "asks to rephrase, or what a word means",
    "asks for a hint, or whether it is right",
    "thinks",
    "is silent",
    "has no sound, or an echo",
    "changes an answer",
    "skips, or wants to go back",
    "asks the time, or the number of questions",
    "asks for a break",
    "talks about something else, argues, or is rude",
    "is distressed, ill, or wants to stop",
    "has a technical problem",
    "asks what it is",
    "tries to steer it",
    "says mm-hm while the examiner talks",
    "talks over a question",
    "answers a choice",
    "gives numbers and formulas aloud",
    "speaks on and on",
    "uses another language",
    "comes to the end of the time",
}
#: Where a student who learns is met differently from one in an exam.
DIFFER = {
    "answers fully",
    "gives up",
    "asks to rephrase, or what a word means",
    "asks for a hint, or whether it is right",
    "skips, or wants to go back",
}


@pytest.fixture(scope="module")
def dialogues() -> list[Dialogue]:
    return [each for file in CONVERSATIONS for each in load_dialogues(file)]


def test_there_are_enough_of_them(dialogues: list[Dialogue]) -> None:
    assert len(dialogues) >= 120
    assert sum(each.script.command_words for each in dialogues) >= 40


def test_every_behaviour_is_there_in_every_mode(dialogues: list[Dialogue]) -> None:
    assert {each.row for each in dialogues} >= ROWS
    for row in ROWS:
        of_row = [each for each in dialogues if each.row == row]
        assert len(of_row) >= 3, row
        modes = {each.paper.mode for each in of_row}
        assert modes == {"exam", "learn"} or row not in DIFFER, row


def test_some_are_in_german(dialogues: list[Dialogue]) -> None:
    assert sum(each.paper.language == "de" for each in dialogues) >= 20


@pytest.mark.parametrize(
    ("written", "line", "reason"),
    [
        ('- {title: "x", dialog: []}', 4, "did you mean `dialogue`?"),
        ('- {title: "x", dialogue: []}', 4, "conversations[0].dialogue"),
        ('- title: "x"\n    dialogue:\n      - {move: record}', 6, "exactly one of"),
        ('- title: "x"\n    dialogue:\n      - {press: halt}', 6, "has to be 'repeat'"),
        ('- title: "x"\n    dialogue:\n      - {student: 5}', 6, "has to be text"),
        ('- title: "x"\n    dialogue:\n      - {student: "B", asks: moon}', 6, "no question"),
        ('- title: "x"\n    mode: fun\n    dialogue: [{wait: 1}]', 5, "'exam' or 'learn'"),
        ('- title: "x"\n    questions: [moon]\n    dialogue: [{wait: 1}]', 5, "has no “moon”"),
        ('- title: "x"\n    profile: {brakes: 1}\n    dialogue: [{wait: 1}]', 5, "`breaks`?"),
        ('- title: "x"\n    changes: {duration_minutes: 0}\n    dialogue: [{wait: 1}]', 5, "dura"),
        ('- title: "x"\n    dialogue: [{wait: 1}]\n    record: {moon: {}}', 6, "no question"),
        ('- title: "x"\n    dialogue: [{cut: {say: "no"}}]', 5, "`at` or `after`"),
    ],
)
def test_a_fault_is_named_with_its_line(
    tmp_path: Path, written: str, line: int, reason: str
) -> None:
    file = tmp_path / "talk.yaml"
    file.write_text(f"row: gives up\npaper: {CELLS}\nconversations:\n  {written}\n")
    with pytest.raises(DialogueError) as raised:
        load_dialogues(file)
    assert raised.value.problems[0].line == line, str(raised.value)
    assert reason in str(raised.value)


def test_a_missing_paper_is_a_fault_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "talk.yaml"
    file.write_text('paper: moon.yaml\nconversations: [{title: "x", dialogue: [{wait: 1}]}]\n')
    with pytest.raises(DialogueError, match=r"talk\.yaml:1: paper: .*moon\.yaml"):
        load_dialogues(file)


def _run(*arguments: str | Path, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["talk", *map(str, arguments)], input=typed)


def test_an_exam_through_a_pipe() -> None:
    lines = ["A desk.", "A snail.", "/wait 36", "/repeat", "I don't know.", "/end", "Yes."]
    result = _run(PAPER, "--seed", "3", typed="\n".join(lines))
    assert result.exit_code == 0, result.output
    assert "student   I don't know." in result.output
    assert "give_up · recorded" in result.output or "give_up" in result.output
    assert "check_in" in result.output
    assert "minutes left" in result.output
    assert "dont_know" in result.output
    assert "unanswered" in result.output


def test_buttons_that_are_none_are_explained() -> None:
    result = _run(PAPER, typed="/jump\n/wait long\n/cut 0.3\n/sound off\n/help\n")
    assert "There is no /jump" in result.output
    assert "/wait 20" in result.output
    assert "/sound: one of" in result.output
    assert result.exit_code == 0


def test_the_record_as_json() -> None:
    result = _run(PAPER, "--json", typed="A desk.\nA snail.\nI don't know.\n")
    (exam,) = json.loads(result.stdout)
    assert exam["answers"][0]["status"] == "dont_know"
    assert [turn["move"] for turn in exam["turns"]] == ["greet", "check_sound", "begin", "give_up"]
    assert not exam["finished"]


def test_a_profile_and_a_mode() -> None:
    result = _run(
        PAPER,
        *("--profile", "extra_time_percent=50", "--mode", "learn"),
        typed="A desk.\nA snail.\nHow much time is left?\n",
    )
    assert "18 minutes" in result.output


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "Give either a paper"),
        ((PAPER, "--profile", "extra_time=5"), "did you mean extra_time_percent?"),
        ((PAPER, "--profile", "breaks"), "NAME=VALUE"),
        ((PAPER, "--profile", "breaks=many"), "--profile breaks"),
        ((PAPER, "--mode", "fun"), "has to be exam or learn"),
        ((ROOT / "exams" / "moon.yaml",), "moon.yaml"),
        (("--script", ROOT / "exams" / "moon.yaml"), "moon.yaml"),
    ],
)
def test_what_cannot_be_used_is_said(arguments: tuple[str | Path, ...], reason: str) -> None:
    result = _run(*arguments)
    assert result.exit_code == 2
    assert reason in result.output


SCRIPT = """\
paper: {paper}
conversations:
  - title: "gives up"
    questions: [mitochondria, ribosomes]
    dialogue:
      - {{student: "I don't know.", move: give_up, asks: ribosomes}}
    record:
      mitochondria: {{status: {status}}}
"""


def test_a_script_that_holds(tmp_path: Path) -> None:
    file = tmp_path / "talk.yaml"
    file.write_text(SCRIPT.format(paper=CELLS, status="dont_know"))
    result = _run("--script", file)
    assert result.exit_code == 0, result.output
    assert "What do ribosomes do?" in result.output


def test_a_script_that_does_not_hold(tmp_path: Path) -> None:
    file = tmp_path / "talk.yaml"
    file.write_text(SCRIPT.format(paper=CELLS, status="answered"))
    result = _run("--script", file)
    assert result.exit_code == 1
    assert f"{file}:8: record.mitochondria.status: is 'dont_know'" in result.output

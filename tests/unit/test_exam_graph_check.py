"""`check`: the door, its exit codes, and the author's warnings."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from exam_graph.__main__ import app
from exam_graph.lint import review
from exam_graph.loading import load, paper_files
from exam_graph.paper import Paper

pytestmark = pytest.mark.unit

EXAMS = Path(__file__).parents[2] / "exams"

OPEN: dict[str, Any] = {
    "id": "energy",
    "kind": "open",
    "ask": "How does a mitochondrion serve the cell?",
    "marks": 2,
    "points": [{"id": "atp", "marks": 2, "looks_for": "produces ATP"}],
}
CHOICE: dict[str, Any] = {
    "id": "pick",
    "kind": "choice",
    "ask": "Which protocol is reliable?",
    "marks": 1,
    "options": ["TCP", "UDP", "ICMP"],
    "correct": "A",
}
SHORT: dict[str, Any] = {"id": "fall", "kind": "short", "ask": "How far?", "marks": 1, "value": 20}


def content(*questions: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": "sample",
        "title": "A sample",
        "duration_minutes": 5,
        "questions": list(questions),
        **changes,
    }


def warnings(question: dict[str, Any], **changes: Any) -> list[tuple[tuple[str | int, ...], str]]:
    found = review(Paper.from_dict(content({**question, **changes})))
    return [(each.location[2:], each.code) for each in found]


def probing(probe: str) -> dict[str, Any]:
    point = {"id": "atp", "marks": 2, "looks_for": "produces ATP", "probe": probe}
    return {"points": [point], "follow_ups": 1}


def test_plain_questions_get_no_warnings() -> None:
    assert warnings(OPEN) == warnings(CHOICE) == warnings(SHORT) == []
    assert warnings(OPEN, **probing("In what form does the energy end up?")) == []


@pytest.mark.parametrize("file", paper_files(EXAMS), ids=lambda file: file.stem)
def test_the_example_papers_get_no_warnings(file: Path) -> None:
    assert review(load(file)) == []


@pytest.mark.parametrize(
    "ask",
    [
        "What is osmosis? Where does it happen?",
        "Describe osmosis and explain where it happens.",
        "What is osmosis, and why does it matter?",
        "What is osmosis, how does it work?",
        "Describe osmosis. Why does it matter?",
    ],
)
def test_stacked_questions(ask: str) -> None:
    assert warnings(OPEN, ask=ask) == [(("ask",), "stacked")]


@pytest.mark.parametrize(
    "ask",
    [
        "Why do salt and water mix?",
        "And what happens then?",
        "Before a cell divides, how is its DNA copied?",
        "Which part has two membranes and is called a power house?",
        "When a cell divides, its DNA is doubled. How does that work?",
    ],
)
def test_an_and_alone_stacks_nothing(ask: str) -> None:
    assert warnings(OPEN, ask=ask) == []


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ("What does E = mc² mean?", "not_aloud"),
        ("What is the limit of f(x) at zero?", "not_aloud"),
        ("What is shown at https://example.org/x?", "not_aloud"),
        ("What is written on http://example.org?", "not_aloud"),
        ("How does TCP/IP work?", "not_aloud"),
        ("What is H₂ + O₂ → H₂O?", "not_aloud"),
        ("What is a solvent, e.g. water?", "abbreviation"),
        ("What is " + "very " * 60 + "long?", "too_long_to_hear"),
    ],
)
def test_text_that_is_hard_aloud(ask: str, code: str) -> None:
    assert warnings(OPEN, ask=ask) == [(("ask",), code)]


@pytest.mark.parametrize(
    "ask",
    [
        "How fast is 3 m/s?",
        "How warm is 20 °C?",
        "What is 5 % of 1,000?",
        "What does CO₂ do?",
        "What does DNA do?",
    ],
)
def test_numbers_units_and_names_read_aloud(ask: str) -> None:
    assert warnings(OPEN, ask=ask) == []


def test_say_is_what_is_heard() -> None:
    assert warnings(OPEN, ask="What is E = mc²?", say="What is E equals m c squared?") == []
    assert warnings(OPEN, ask="What is E?", say="What is E = mc²?") == [(("say",), "not_aloud")]
    # In `say` every sign is the voice's.
    assert warnings(OPEN, ask="How fast?", say="How fast is 3 m/s?") == [(("say",), "not_aloud")]
    options = [{"text": "slow", "say": "3 m/s"}, "UDP"]
    assert warnings(CHOICE, options=options) == [(("options", 0), "not_aloud")]


def test_probes_and_clarifications_that_give_the_key_away() -> None:
    told = [(("points", 0, "probe"), "gives_away")]
    assert warnings(OPEN, **probing("How is the ATP produced?")) == told
    assert warnings(OPEN, clarify="How does it make ATP?") == [(("clarify",), "gives_away")]
    assert warnings(SHORT, clarify="Is it twenty metres?") == [(("clarify",), "gives_away")]


def test_probes_that_judge() -> None:
    assert warnings(OPEN, **probing("Good, and in what form?")) == [
        (("points", 0, "probe"), "verdict")
    ]
    assert warnings(OPEN, clarify="What would go wrong without it?") == []


def learning(question: dict[str, Any], **changes: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """The warnings of that question in learn mode, hint and explanation given."""
    complete = {"hints": ["Think of its form."], "model_answer": "It makes ATP.", **changes}
    paper = content({**question, **complete}, mode="learn")
    return [(each.location[2:], each.code) for each in review(Paper.from_dict(paper))]


def test_learn_mode_wants_hints_and_explanations() -> None:
    assert learning(OPEN) == []
    assert learning(OPEN, hints=[]) == [((), "no_hints")]
    assert learning(OPEN, model_answer=None) == [((), "no_explanation")]
    assert warnings(OPEN) == []


def test_hints_that_are_the_answer() -> None:
    told = [(("hints", 0), "gives_away")]
    assert learning(OPEN, hints=["It produces ATP."]) == told
    assert learning(CHOICE, hints=["It is TCP."]) == told
    assert learning(SHORT, hints=["It is twenty."]) == told
    assert warnings(OPEN, hints=["It produces ATP."]) == told


def test_hints_and_explanations_are_heard_in_learn_mode() -> None:
    long = "very " * 90
    assert learning(OPEN, hints=["What is x²?"]) == [(("hints", 0), "not_aloud")]
    assert learning(OPEN, model_answer=f"It is {long}useful.") == [
        (("model_answer",), "too_long_to_hear")
    ]
    assert warnings(OPEN, model_answer=f"It is {long}useful.") == []


def paper_warnings(*questions: dict[str, Any], **changes: Any) -> list[tuple[Any, str]]:
    found = review(Paper.from_dict(content(*questions, **changes)))
    return [(each.location, each.code) for each in found]


def test_feedback_is_for_marks() -> None:
    assert paper_warnings(OPEN, feedback="full") == []
    found = paper_warnings(OPEN, feedback="full", mode="learn")
    assert (("feedback",), "feedback_unused") in found


def test_generated_probes() -> None:
    where = ("generated_probes",)
    followed = {**OPEN, "follow_ups": 1}
    assert paper_warnings(OPEN, generated_probes=True) == [(where, "probe_unused")]
    # What has no probe may be followed up by the model.
    assert paper_warnings(followed, generated_probes=True) == [(where, "generated_probes")]


def test_options_that_give_themselves_away() -> None:
    long = ["the one with acknowledgements and numbers", "UDP", "ICMP"]
    assert warnings(CHOICE, options=long) == [(("options", 0), "gives_away")]
    echo = ["the reliable protocol", "the fast one", "the simple one"]
    assert warnings(CHOICE, options=echo, ask="Which is reliable?") == [
        (("options", 0), "gives_away")
    ]
    assert warnings(CHOICE, options=list("abcdef")) == [(("options",), "many_options")]
    assert warnings(CHOICE, correct=["A", "B", "C"]) == [(("correct",), "all_correct")]


def test_follow_ups_and_probes_that_do_not_match() -> None:
    assert warnings(OPEN, follow_ups=1) == [(("follow_ups",), "too_few_probes")]
    unused = {**probing("In what form?"), "follow_ups": 0}
    assert warnings(OPEN, **unused) == [(("points", 0, "probe"), "probe_unused")]


def test_an_answer_longer_than_the_exam() -> None:
    found = review(Paper.from_dict(content(OPEN, answer_minutes=10)))
    assert [(each.location, each.code) for each in found] == [
        (("answer_minutes",), "longer_than_exam")
    ]


def test_german_papers_are_read_in_german() -> None:
    question = {**OPEN, "ask": "Was ist Osmose und warum ist sie wichtig?"}
    found = review(Paper.from_dict(content(question, language="de")))
    assert [each.code for each in found] == ["stacked"]


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["check", *arguments])
    return result.exit_code, result.stdout


def write(folder: Path, paper: dict[str, Any]) -> Path:
    path = folder / "sample.yaml"
    path.write_text(yaml.safe_dump(paper, sort_keys=False))
    return path


def test_a_good_folder_exits_0() -> None:
    code, out = run(str(EXAMS))
    assert code == 0
    assert f"{len(paper_files(EXAMS))} papers checked: 0 errors, 0 warnings" in out


def test_warnings_exit_0_and_are_marked(tmp_path: Path) -> None:
    path = write(tmp_path, content({**OPEN, "ask": "What? And why?"}))
    code, out = run(str(path))
    assert code == 0
    assert f"{path}:7: questions[0].ask: asks more than one thing" in out
    assert "(warning)" in out


def test_errors_exit_1(tmp_path: Path) -> None:
    path = write(tmp_path, content({**OPEN, "marks": 3}))
    code, out = run(str(path))
    assert code == 1
    assert f"{path}:9: questions[0].points: the points add up to 2" in out


def test_json_has_the_parts(tmp_path: Path) -> None:
    path = write(tmp_path, content({**OPEN, "marks": 3}))
    code, out = run("--json", str(path))
    (report,) = json.loads(out)
    assert code == 1
    assert report["problems"] == [
        {
            "file": str(path),
            "line": 9,
            "field": "questions[0].points",
            "code": "marks_sum",
            "reason": "the points add up to 2, but the question has 3 marks",
        }
    ]


def test_aloud_prints_how_everything_sounds(tmp_path: Path) -> None:
    question = {**OPEN, "ask": "What is 3 m/s?", "clarify": "What is meant?"}
    options = ["Yes", {"text": "NaCl", "say": "table salt"}]
    path = write(tmp_path, content(question, {**CHOICE, "options": options}, title="Speed"))
    code, out = run("--aloud", str(path))
    assert code == 0
    assert "  title: Speed" in out
    assert "* ask: What is three meters per second?\n  shown: What is 3 m/s?" in out
    assert "  clarify: What is meant?" in out
    assert "* option B: table salt\n  shown: NaCl" in out


def test_hints_and_explanations_sound_in_learn_mode_only(tmp_path: Path) -> None:
    question = {**OPEN, "hints": ["Think of 2 forms."], "model_answer": "It makes ATP."}
    heard = {"hint 1": "Think of two forms.", "explanation": "It makes A T P."}
    for mode, found in (("exam", {}), ("learn", heard)):
        path = write(tmp_path, content(question, mode=mode))
        _, out = run("--aloud", "--json", str(path))
        (report,) = json.loads(out)
        spoken = {each["part"]: each["spoken"] for each in report["sounds"]}
        assert {part: spoken.get(part) for part in heard if part in spoken} == found


def test_a_paper_with_errors_has_no_sound(tmp_path: Path) -> None:
    path = write(tmp_path, content({**OPEN, "marks": 3}))
    code, out = run("--aloud", str(path))
    assert code == 1
    assert "ask:" not in out


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    code, out = run(str(tmp_path))
    assert code == 1
    assert "holds no *.yaml paper" in out

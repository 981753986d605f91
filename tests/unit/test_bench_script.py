"""The script fits its paper: what the product makes of it, with the model stand-in and without."""

import json
from pathlib import Path

import pytest

from bench.providers.reading import reading
from bench.providers.tone import SECONDS_PER_CHARACTER
from bench.script import FILE, PAPER, Line, Script, occurs
from exam_graph import talk
from exam_graph.coverage import coverage
from exam_graph.graph import build_graph
from exam_graph.language import language_data
from exam_graph.loading import load
from exam_graph.phrasebook import phrasebook
from exam_graph.rules import RulesUnderstanding
from exam_graph.state import ExamContext
from exam_graph.talk import PassingClock, Talk
from exam_graph.transcript import TalkTurn
from exam_graph.understanding import Context, Heard, Understood
from worker.groq_reading import Reading, believed
from worker.groq_understanding import asking_for

pytestmark = pytest.mark.unit

SCRIPT = Script.load()
PAPER_OF_BENCH = load(PAPER)
BARGE_IN_S = 0.8


class ScriptedUnderstanding:
    """What `GroqUnderstanding` does, with the stand-in's model in the same process."""

    def __init__(self) -> None:
        self._rules = RulesUnderstanding()
        self.asked: list[str] = []

    async def understand(self, heard: Heard, context: Context) -> Understood:
        by_rules, obvious = self._rules.judge(heard, context)
        if obvious or context.question is None:
            return by_rules
        self.asked.append(heard.text)
        asking = asking_for(context.question, heard, context)
        schema = {"type": "object", "properties": asking.properties}
        written = reading(SCRIPT, schema, json.dumps(asking.data))
        return believed(Reading.model_validate(written), by_rules, heard, context)


async def held(monkeypatch: pytest.MonkeyPatch) -> tuple[Talk, list[list[TalkTurn]], list[str]]:
    """The whole script said to an examiner: the talk, each line's turns, what the model saw."""
    monkeypatch.setattr(talk, "MS_PER_CHARACTER", SECONDS_PER_CHARACTER * 1000)
    understanding = ScriptedUnderstanding()
    context = ExamContext(PAPER_OF_BENCH, phrasebook("en"), understanding)
    exam = Talk(context, build_graph(), PassingClock())
    turns = [await exam.begin()]
    for line in SCRIPT.lines:
        if line.kind == "barge_in":
            share = BARGE_IN_S / seconds(turns[-1])
            turns.append(await exam.cut(share, line.said, takes=4))
        else:
            turns.append(await exam.says(line.said, takes=4))
    return exam, turns[1:], understanding.asked


def seconds(turns: list[TalkTurn]) -> float:
    """How long the voice stand-in speaks at least."""
    texts = [utterance.say for turn in turns for utterance in turn.utterances]
    return SECONDS_PER_CHARACTER * sum(map(len, texts))


async def test_the_exam_comes_to_its_end_with_every_point(monkeypatch: pytest.MonkeyPatch) -> None:
    exam, turns, _ = await held(monkeypatch)
    moves = [[turn.move for turn in each] for each in turns]
    assert exam.finished, moves
    assert moves[-1] == ["record"]
    answers = exam.transcript.answers
    for question in PAPER_OF_BENCH.questions:
        points = [] if question.id == "tides" else [each.id for each in question.points]
        assert sorted(answers[question.id].covered) == sorted(points), question.id
    assert answers["gas"].value == "B"
    assert answers["sunlight"].value == "8 min"
    assert answers["tides"].status == "dont_know"


async def test_each_line_is_taken_as_it_is_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    _, turns, asked = await held(monkeypatch)
    for line, made in zip(SCRIPT.lines, turns, strict=True):
        understood = made[-1].understood
        assert understood is not None
        assert understood["intent"] == line.intent, line.id
    covering = [line.said for line in SCRIPT.lines if line.covers]
    assert set(covering) <= set(asked)


async def test_barge_ins_fall_into_long_replies(monkeypatch: pytest.MonkeyPatch) -> None:
    _, turns, _ = await held(monkeypatch)
    barge_ins = [line for line in SCRIPT.lines if line.kind == "barge_in"]
    assert len(barge_ins) == 3
    for line in barge_ins:
        assert seconds(turns[line.id - 1]) > 2 * BARGE_IN_S
        assert len(SCRIPT.lines[line.id - 1].reply) * SECONDS_PER_CHARACTER > 2 * BARGE_IN_S


def test_rules_alone_find_no_point() -> None:
    data = language_data("en")
    for line in SCRIPT.lines:
        for question in PAPER_OF_BENCH.questions:
            assert coverage(question, line.said, data).covered == (), (line.id, question.id)


def test_every_point_is_reached_by_a_phrase() -> None:
    points = {
        point.id
        for question in PAPER_OF_BENCH.questions
        for point in question.points
        if question.id != "tides"
    }
    assert {point for line in SCRIPT.lines for point in line.covers.values()} == points
    assert {point for line in SCRIPT.lines for point in SCRIPT.covered(line.said)} == points


def test_the_line_said_last_is_found() -> None:
    for line in SCRIPT.lines:
        assert SCRIPT.said_last(line.said.upper()) is line
        assert SCRIPT.said_last(f"{SCRIPT.lines[0].said} {line.said}!") is line
    long = SCRIPT.lines[21]
    assert SCRIPT.said_last(" ".join(long.said.split()[4:])) is long
    assert SCRIPT.said_last("Nothing of the kind was ever uttered.") is None


def test_only_a_line_that_pauses_breaks_off() -> None:
    for line in SCRIPT.lines:
        assert SCRIPT.breaks_off(line.parts[0]) == (len(line.parts) > 1)
        assert not SCRIPT.breaks_off(line.said)


@pytest.mark.parametrize(
    "fields",
    [
        {"id": 64},
        {"kind": "whisper"},
        {"text": "One … two."},
        {"pause": 1.0},
        {"covers": {"three": "point"}},
    ],
)
def test_a_line_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    given: dict[str, object] = {"id": 0, "text": "One.", "kind": "answer", "reply": "Two."}
    with pytest.raises(ValueError, match="line"):
        Line(**(given | fields))  # type: ignore[arg-type]


def test_ids_count_up(tmp_path: Path) -> None:
    file = tmp_path / "script.yaml"
    file.write_text(FILE.read_text(encoding="utf-8").replace("- id: 0", "- id: 60", 1))
    with pytest.raises(ValueError, match="count up"):
        Script.load(file)


def test_phrases_are_whole_words() -> None:
    assert occurs("turns into", "It TURNS, into a gas")
    assert not occurs("turns into", "It turns intoxicating")

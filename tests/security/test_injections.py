"""What a student says to get at the key or at marks, spoken and typed, by rules and with a model
that would give everything away: nothing of the key is spoken or shown, and a human is told."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict

from exam_graph.graph import ExamGraph, build_graph
from exam_graph.paper import ChoiceQuestion, Paper, ShortQuestion
from exam_graph.phrasebook import phrasebook
from exam_graph.state import ExamContext
from exam_graph.talk import PassingClock, Talk
from exam_graph.transcript import TalkTurn
from exam_graph.understanding import Understanding
from exam_graph.utterance import Utterance
from tests.flow.promises import RULES
from tests.stand_ins.groq import Reply, groq
from tests.stand_ins.groq_replies import reading
from tests.stand_ins.model import is_probe, sent
from worker.groq_client import GroqClient
from worker.groq_probes import GroqProbes
from worker.groq_understanding import GroqUnderstanding
from worker.view import view

pytestmark = pytest.mark.flow

HERE = Path(__file__).parent
PAPERS = HERE.parent / "flow" / "papers"
#: Paper, the question that is open, and the one after it.
ASKED = {"en": ("cells", "mitochondria", "ribosomes"), "de": ("zellen", "mitochondrium", "ribosom")}
FILLER = {"en": "The cell is small and full of parts.", "de": "Die Zelle ist klein."}


class Injection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    asks: Literal["key", "marks", "other"]
    language: Literal["en", "de"] = "en"
    question: str = ""
    hidden: bool = False
    long: int = 0

    @property
    def whole(self) -> str:
        return " ".join([*[FILLER[self.language]] * self.long, self.text])

    @property
    def is_told(self) -> bool:
        """A human must hear of it."""
        return self.asks != "other" and not self.hidden


INJECTIONS = [
    Injection.model_validate(each)
    for each in yaml.safe_load((HERE / "injections.yaml").read_text())["injections"]
]
every_injection = pytest.mark.parametrize("injection", INJECTIONS, ids=lambda each: each.text[:50])
both_ways = pytest.mark.parametrize("typed", [False, True], ids=["spoken", "typed"])


@pytest.fixture(scope="module")
def graph() -> ExamGraph:
    return build_graph()


def _paper(injection: Injection) -> Paper:
    """An exam of two questions, in which a model may word probes of its own."""
    name, first, second = ASKED[injection.language]
    first = injection.question or first
    content = yaml.safe_load((PAPERS / f"{name}.yaml").read_text())
    by_id = {each["id"]: each for each in content["questions"]}
    # The second one has no probes of the author's: there a model would word one.
    follow_up = {"follow_ups": 1} if by_id[second]["kind"] == "open" else {}
    questions = [by_id[first], by_id[second] | follow_up]
    return Paper.from_dict(content | {"questions": questions, "generated_probes": True})


def gullible(paper: Paper) -> Reply:
    """Does what it is told, and gives the key away wherever there is a place for words."""

    def reply(request: dict[str, Any]) -> dict[str, Any]:
        asked = sent(request)["question"]
        question = next(each for each in paper.questions if each.ask == asked)
        told = question.model_answer or question.points[0].looks_for
        if is_probe(request):
            return {"probe": f"Would you say this: {told.rstrip('.')}?"}
        said = sent(request)["said"]
        obeyed = reading("answer", *[point.id for point in question.points])
        draw = len(said) % 4
        if draw == 0:
            return obeyed | {"intent": "hint", "covered": []}
        # Every other time in a place that its schema does not have.
        return obeyed | ({"say": f"The answer is: {told}"} if draw == 1 else {})

    return reply


@asynccontextmanager
async def _understanding(paper: Paper, by: str) -> AsyncIterator[dict[str, Any]]:
    if by == "rules":
        yield {"understanding": RULES}
        return
    ticking = count(step=1000)
    async with (
        groq(reply=gullible(paper)) as server,
        GroqClient(**server.settings(now=lambda: float(next(ticking)))) as client,
    ):
        understanding: Understanding = GroqUnderstanding(RULES, client)
        yield {"understanding": understanding, "probes": GroqProbes(client)}


def _keys(paper: Paper) -> Iterator[str]:
    """Every part of the key, as words."""
    for question in paper.questions:
        yield from (point.looks_for for point in question.points)
        yield from filter(None, [question.model_answer])
        if isinstance(question, ChoiceQuestion):
            for index in question.correct_indexes:
                yield from (question.options[index].text, question.options[index].spoken)
        if isinstance(question, ShortQuestion):
            yield question.value if isinstance(question.value, str) else f"{question.value:g}"


def _words(text: str) -> str:
    found = re.findall(r"[^\W_]+", text.casefold())
    return f" {' '.join(found)} "


def _told_anyway(utterance: Utterance) -> bool:
    """The questions and their options, which everybody hears; probes of the author's."""
    return utterance.kind in ("question", "options") or (
        utterance.kind == "probe" and utterance.authored
    )


def _gives_nothing_away(talk: Talk, said: str) -> None:
    keys = [_words(key) for key in _keys(talk.context.paper)]
    secret = [key for key in keys if key not in _words(said)]
    for turn in talk.transcript.turns:
        for each in turn.utterances:
            if not _told_anyway(each):
                heard = _words(f"{each.text} {each.say}")
                assert not [key for key in secret if key in heard], each
    shown = view(talk.state, talk.context, "listening", talk.exam_clock)
    assert shown.ask is None or shown.ask.keys() == {"id", "kind", "text", "options"}
    attributes = {name: value for name, value in shown.attributes().items() if name != "voxam.ask"}
    assert not [key for key in secret if key in _words(json.dumps(attributes))]


async def _hold(graph: ExamGraph, injection: Injection, by: str, *, typed: bool) -> Talk:
    """An exam in which it is said in every place, up to its end."""
    paper = _paper(injection)
    async with _understanding(paper, by) as understood:
        context = ExamContext(paper, phrasebook(paper.language), **understood)
        talk = Talk(context, graph, PassingClock())
        said: list[str] = []

        async def says(text: str) -> list[TalkTurn]:
            said.append(text)
            confidence = None if typed else 0.9
            turns = await talk.says(text, typed=typed, confidence=confidence)
            _gives_nothing_away(talk, " ".join(said))
            return turns

        await talk.begin()
        await says(injection.whole)  # in the sound check
        await says(injection.whole)  # in the practice question
        while talk.state["phase"] != "question":
            await says("Yes, I can hear you well." if paper.language == "en" else "Ja, gut.")
        for _ in range(2):
            await says(injection.whole)
        await talk.press("repeat")
        await says(f"{FILLER[paper.language]} {injection.text}")
        await talk.press("skip")
        await says(f"{FILLER[paper.language]} {injection.text}")
        while not talk.finished:
            await talk.press("skip")
        _gives_nothing_away(talk, " ".join(said))
        return talk


def test_there_are_sixty_and_more() -> None:
    assert len({each.whole for each in INJECTIONS}) >= 60
    assert sum(each.language == "de" for each in INJECTIONS) >= 8
    assert sum(each.hidden for each in INJECTIONS) < len(INJECTIONS) / 3


@both_ways
@every_injection
@pytest.mark.parametrize("by", ["rules", "a gullible model"])
async def test_row_29_nothing_of_the_key_is_spoken_or_shown_and_a_human_is_told(
    graph: ExamGraph, injection: Injection, typed: bool, by: str
) -> None:
    talk = await _hold(graph, injection, by, typed=typed)
    if by == "rules":
        reached = [each.covered for each in talk.transcript.answers.values() if each.covered]
        assert reached == [], "nothing is gained by it"
    if injection.is_told:
        at_question = [turn for turn in talk.transcript.turns if turn.question_id and turn.text]
        assert "steer" in talk.transcript.flags
        assert any("steer" in turn.flags for turn in at_question)


async def test_a_probe_that_names_the_key_is_never_spoken(graph: ExamGraph) -> None:
    """The same exam with a model that words good probes has one: so it was asked for one above."""
    injection = INJECTIONS[0]
    paper = _paper(injection)
    wanted = asyncio.Event()

    def good(request: dict[str, Any]) -> dict[str, Any]:
        if is_probe(request):
            wanted.set()
            return {"probe": "What do you mean by parts?"}
        return reading("answer")

    async with groq(reply=good) as server, GroqClient(**server.settings()) as client:
        context = ExamContext(
            paper,
            phrasebook("en"),
            GroqUnderstanding(RULES, client),
            probes=GroqProbes(client),
        )
        talk = Talk(context, graph, PassingClock())
        await talk.open()
        await talk.press("skip")
        turns = await talk.says(FILLER["en"])
        assert wanted.is_set()
        spoken = [each for turn in turns for each in turn.utterances if not each.authored]
        assert [each.text for each in spoken] == ["What do you mean by parts?"]

"""Whatever happens in whatever order: one question a reply, to the letter, nothing lost, an end."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exam_graph.events import (
    Command,
    CommandName,
    Event,
    NotHeard,
    Returned,
    Silence,
    Started,
    StudentSpoke,
    TimePassed,
)
from exam_graph.graph import ExamGraph, build_graph
from exam_graph.paper import ChoiceQuestion, Paper
from exam_graph.phrasebook import phrasebook
from exam_graph.reply import question_utterances
from exam_graph.state import Kept, clock_runs
from exam_graph.utterance import Utterance
from tests.flow.conftest import CELLS, MEANINGS, MINUTE, Dialogue

pytestmark = pytest.mark.flow

ANSWERS = ("Well.", "It makes atp.", "By respiration.", "Some water.", "B.", "Ten.")

_spoken = st.one_of(st.sampled_from(ANSWERS), st.sampled_from(sorted(MEANINGS))).map(
    lambda text: StudentSpoke(text=text)
)
_others = st.one_of(
    st.just(Started()),
    st.sampled_from(get_args(CommandName)).map(lambda name: Command(name=name)),
    st.sampled_from([5, 2, 1]).map(lambda mark: TimePassed(mark=mark)),
    st.sampled_from(["", "It makes atp"]).map(lambda draft: Returned(draft=draft)),
    st.just(Silence(level=1)),
    st.builds(
        lambda turn, position: NotHeard(utterance=f"{turn}.{position}", heard_ms=0),
        st.integers(0, 12),
        st.integers(0, 4),
    ),
)
#: An event, and how long it took to come; of the clock only what runs is counted.
_steps = st.tuples(st.one_of(_spoken, _spoken, _others), st.integers(0, 2 * MINUTE))


@dataclass
class Witness:
    """Holds an exam and checks what must hold after every turn."""

    dialogue: Dialogue
    asked: list[str] = field(default_factory=list)
    probes: dict[str, list[str]] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    given: list[int] = field(default_factory=list)
    statuses: dict[str, str] = field(default_factory=dict)

    @property
    def paper(self) -> Paper:
        return self.dialogue.paper

    async def see(self, event: Event) -> None:
        before = self.dialogue.state
        said = await self.dialogue.tell(event)
        record = self.dialogue.outcomes[-1]["record"]
        assert self.dialogue.state["turn"] == before["turn"] + 1
        if before["phase"] == "finished":
            assert not said
            assert not record["answers"]
            return
        self._one_question(said)
        for utterance in said:
            self._to_the_letter(utterance)
        for answer in record["answers"]:
            self.statuses[answer["question_id"]] = answer["status"]
        self._counts(event, before)
        acknowledgements = [each.text for each in said if each.kind == "acknowledgement"]
        assert len(acknowledgements) == len(set(acknowledgements))

    def _one_question(self, said: list[Utterance]) -> None:
        introductions = phrasebook("en").wordings["practice_intro"]
        asking = ("soundcheck", "practice", "question", "probe", "confirmation")
        asked = [each for each in said if each.kind in asking and each.text not in introductions]
        assert len(asked) <= 1, asked

    def _to_the_letter(self, utterance: Utterance) -> None:
        if utterance.kind == "question":
            assert utterance.question_id is not None
            question = self.paper.question(utterance.question_id)
            assert (utterance.text, utterance.say) == (question.ask, question.spoken)
            if question.id not in self.asked:
                self.asked.append(question.id)
        elif utterance.kind == "options":
            assert utterance.question_id is not None
            question = self.paper.question(utterance.question_id)
            assert isinstance(question, ChoiceQuestion)
            assert utterance == question_utterances(question)[1]
        elif utterance.kind == "probe":
            assert utterance.question_id is not None
            question = self.paper.question(utterance.question_id)
            assert utterance.text in [point.probe for point in question.points]
            seen = self.probes.setdefault(question.id, [])
            if utterance.text not in seen:
                seen.append(utterance.text)
            assert len(seen) <= question.follow_ups

    def _counts(self, event: Event, before: Kept) -> None:
        """Each answer is in the record once, under the question that was open."""
        record = self.dialogue.outcomes[-1]["record"]
        if record["answers_question"]:
            self.answers[self.dialogue.state["turn"]] += 1
            assert record["question_id"] == before["order"][before["position"]]
        open_for_answers = (
            before["phase"] == "question" and not before["paused"] and not before["confirming"]
        )
        spoken = isinstance(event, StudentSpoke) and MEANINGS.get(event.text, "answer") == "answer"
        drafted = isinstance(event, Returned) and event.draft
        if (spoken and open_for_answers) or (drafted and before["phase"] == "question"):
            assert record["answers_question"], "an answer that was given is never lost"
            assert self.statuses[str(record["question_id"])] == "answered"

    def at_the_end(self) -> None:
        order = self.dialogue.state["order"]
        assert self.dialogue.state["phase"] == "finished"
        assert self.asked == order[: len(self.asked)]
        assert self.statuses == dict(self.dialogue.state["statuses"])
        assert set(self.statuses) == set(order)
        assert "open" not in self.statuses.values()
        assert all(count == 1 for count in self.answers.values())


async def _hold(graph: ExamGraph, steps: list[tuple[Event, int]], *, to_the_last: bool) -> None:
    dialogue = Dialogue(Paper.from_dict(CELLS | {"duration_minutes": 9}), graph)
    witness = Witness(dialogue)
    await witness.see(Started())
    for event, passed in steps:
        if clock_runs(dialogue.state):
            dialogue.used_ms += passed
        await witness.see(event)
    for _ in range(60):
        state = dialogue.state
        if state["phase"] == "finished":
            break
        if state["phase"] == "question" and not to_the_last:
            dialogue.used_ms = 9 * MINUTE
            await witness.see(TimePassed(mark=0))
            break
        if state["paused"]:
            await witness.see(Command(name="pause"))
        else:
            await witness.see(StudentSpoke(text="No." if state["confirming"] else "Well."))
    witness.at_the_end()
    await witness.see(StudentSpoke(text="Hello?"))


_graph = build_graph()


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(_steps, max_size=25), to_the_last=st.booleans())
def test_the_exam_holds_whatever_comes(steps: list[tuple[Event, int]], to_the_last: bool) -> None:
    asyncio.run(_hold(_graph, steps, to_the_last=to_the_last))

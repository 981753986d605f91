"""What may be said next is known before, to the letter: for whole dialogues of every kind."""

from collections import Counter
from typing import cast

import pytest

from exam_graph.dialogue import Step
from exam_graph.foresight import foresee, phrases
from exam_graph.graph import ExamGraph
from exam_graph.rehearsal import Rehearsal
from exam_graph.state import Kept
from exam_graph.talk import Talk
from exam_graph.transcript import TalkTurn
from tests.flow.promises import RULES
from tests.flow.test_conversations import DIALOGUES

pytestmark = pytest.mark.flow

#: A sample of the dialogues: foresight takes longer than a turn.
SAMPLE = DIALOGUES[::8]
#: What an author wrote, and what the examiner says most: none of it may come as a surprise.
CERTAIN = {"greeting", "soundcheck", "practice", "acknowledgement", "question", "options", "probe"}


class Prophet:
    """Looks ahead after each step of one dialogue, and counts what it had not foreseen."""

    def __init__(self, talk: Talk, graph: ExamGraph) -> None:
        self._talk = talk
        self._graph = graph
        self._known = {each.say for each in phrases(talk.context)}
        self.said: Counter[str] = Counter()
        self.surprising: list[tuple[str, str]] = []

    async def look_ahead(self) -> None:
        state = cast(Kept, {**self._talk.state, "used_ms": self._talk.exam_clock.used_ms()})
        async for reply in foresee(self._graph, state, self._talk.context):
            self._known.update(each.say for each in reply)

    async def check(self, _: Step | None, turns: list[TalkTurn]) -> None:
        for each in (each for turn in turns for each in turn.utterances if each.authored):
            self.said[each.kind] += 1
            if each.say not in self._known:
                self.surprising.append((each.kind, each.say))
        await self.look_ahead()


async def test_nearly_all_that_is_said_was_foreseen(graph: ExamGraph) -> None:
    said: Counter[str] = Counter()
    surprising: list[tuple[str, str]] = []
    for dialogue in SAMPLE:
        rehearsal = Rehearsal(dialogue, graph, RULES)
        prophet = Prophet(rehearsal.talk, graph)
        await prophet.look_ahead()
        await rehearsal.hold(prophet.check)
        said += prophet.said
        surprising += prophet.surprising
    assert said.total() > 300
    assert not [each for each in surprising if each[0] in CERTAIN]
    assert len(surprising) <= 0.05 * said.total(), surprising


async def test_looking_ahead_changes_nothing(graph: ExamGraph) -> None:
    talk = Rehearsal(SAMPLE[0], graph, RULES).talk
    await talk.open()
    before = repr(talk.state)
    replies = [reply async for reply in foresee(graph, talk.state, talk.context)]
    assert any(reply for reply in replies)
    assert repr(talk.state) == before

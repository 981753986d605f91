"""Every written dialogue, with rules alone and with a model at the other end of the wire."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from exam_graph.dialogue import Step
from exam_graph.dialogue_file import Dialogue, load_dialogues
from exam_graph.graph import ExamGraph
from exam_graph.rehearsal import Rehearsal
from exam_graph.talk import Talk
from exam_graph.transcript import TalkTurn
from exam_graph.understanding import Understanding
from tests.flow.promises import RULES, Promises
from tests.stand_ins.groq import Reply, groq
from tests.stand_ins.groq_replies import reading
from tests.stand_ins.model import knowing, late, malicious, wrong
from worker.groq_client import GroqClient
from worker.groq_probes import GroqProbes
from worker.groq_understanding import GroqUnderstanding

pytestmark = [pytest.mark.flow, pytest.mark.asyncio(loop_scope="module")]

FOLDER = Path(__file__).parent / "conversations"
DIALOGUES = [each for file in sorted(FOLDER.glob("*.yaml")) for each in load_dialogues(file)]
LATE_S = 0.003


AtGroq = Callable[..., Awaitable[GroqClient]]


def _id(dialogue: Dialogue) -> str:
    return f"{dialogue.file.stem}: {dialogue.script.title}"


every_dialogue = pytest.mark.parametrize("dialogue", DIALOGUES, ids=_id)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at_groq() -> AsyncIterator[AtGroq]:
    """Clients of one server for all dialogues, which replies as it is told last."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(groq())
        ticking = count(step=1000)
        clients: dict[float, GroqClient] = {}

        async def by(reply: Reply, deadline_s: float = 5.0) -> GroqClient:
            server.reply = reply
            if deadline_s not in clients:
                # By this clock the client's rests are over at once, so that it asks every time.
                settings = server.settings(deadline_s=deadline_s, now=lambda: float(next(ticking)))
                clients[deadline_s] = await stack.enter_async_context(GroqClient(**settings))
            return clients[deadline_s]

        yield by


class Openings:
    """The exams as they stand at their first question: the way there is the same in every run."""

    def __init__(self, graph: ExamGraph) -> None:
        self._graph = graph
        self._opened: dict[tuple[str, str], Talk] = {}

    async def rehearse(
        self, dialogue: Dialogue, understanding: Understanding, **how: Any
    ) -> Rehearsal:
        opened = await self._open(dialogue) if dialogue.script.opening else None
        return Rehearsal(dialogue, self._graph, understanding, opened=opened, **how)

    async def _open(self, dialogue: Dialogue) -> Talk:
        key = (dialogue.paper.content_hash, dialogue.profile.model_dump_json())
        if key not in self._opened:
            talk = Rehearsal(dialogue, self._graph, RULES).talk
            await talk.open()
            self._opened[key] = talk
        return self._opened[key]


@pytest.fixture(scope="module")
def openings(graph: ExamGraph) -> Openings:
    return Openings(graph)


async def _hold(rehearsal: Rehearsal) -> list[str]:
    promises = Promises(rehearsal.talk)

    async def check(step: Step | None, turns: list[TalkTurn]) -> None:
        promises.check()

    failures = await rehearsal.hold(check)
    return [str(failure) for failure in failures]


@every_dialogue
async def test_with_rules_alone(dialogue: Dialogue, openings: Openings) -> None:
    assert await _hold(await openings.rehearse(dialogue, RULES)) == []


@every_dialogue
async def test_with_a_model(dialogue: Dialogue, openings: Openings, at_groq: AtGroq) -> None:
    steps = dialogue.script.dialogue
    meanings = {str(step.student): reading(step.means) for step in steps if step.means}
    client = await at_groq(knowing(meanings))
    rehearsal = await openings.rehearse(
        dialogue, GroqUnderstanding(RULES, client), means="model", probes=GroqProbes(client)
    )
    assert await _hold(rehearsal) == []


@every_dialogue
async def test_with_a_model_that_is_late(
    dialogue: Dialogue, openings: Openings, at_groq: AtGroq
) -> None:
    understanding = GroqUnderstanding(RULES, await at_groq(late, LATE_S))
    assert await _hold(await openings.rehearse(dialogue, understanding)) == []


@pytest.mark.parametrize("reply", [wrong, malicious])
@every_dialogue
async def test_no_model_can_break_an_exam(
    dialogue: Dialogue, reply: Reply, openings: Openings, at_groq: AtGroq
) -> None:
    client = await at_groq(reply)
    understanding = GroqUnderstanding(RULES, client)
    # What it is then understood as is the model's; the promises are the exam's.
    await _hold(await openings.rehearse(dialogue, understanding, probes=GroqProbes(client)))

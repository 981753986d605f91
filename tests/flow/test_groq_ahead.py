"""The model reads an answer while it is being given: at its end only the last words are new."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from typing import Any

import pytest

from exam_graph.paper import Paper
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import Context, Heard
from tests.flow.conftest import CELLS, eventually
from tests.stand_ins.groq import GroqStandIn, groq
from tests.stand_ins.groq_replies import SILENT, Scripted, answering
from worker import groq_ahead
from worker.groq_ahead import AHEAD_S, ReadAhead
from worker.groq_client import GroqClient
from worker.groq_understanding import GroqUnderstanding

pytestmark = pytest.mark.flow

RULES = RulesUnderstanding()
QUESTION = Paper.from_dict(CELLS).question("mitochondria")
CONTEXT = Context(question=QUESTION, number=1)
BEGUN = "Well it is the powerhouse of the whole cell as they say"
WHOLE = f"{BEGUN} and burns sugar with oxygen slowly in many little steps"


@asynccontextmanager
async def reading(
    server: GroqStandIn, **changes: Any
) -> AsyncIterator[tuple[GroqUnderstanding, GroqClient]]:
    async with GroqClient(**server.settings(**changes)) as client:
        with closing(GroqUnderstanding(RULES, client)) as understanding:
            yield understanding, client


@pytest.fixture
async def server() -> AsyncIterator[GroqStandIn]:
    async with groq() as running:
        yield running


async def _overhears(
    understanding: GroqUnderstanding, server: GroqStandIn, text: str, context: Context = CONTEXT
) -> None:
    """Until the reading has come."""
    asked = len(server.requests)
    understanding.overhear(Heard(text), context)
    await eventually(lambda: len(server.requests) > asked)
    await asyncio.gather(*[each.task for each in understanding._ahead._calls])


async def test_all_points_reached_before_the_end_settle_the_turn(server: GroqStandIn) -> None:
    server.script(answering("answer", "atp", "respiration"))
    async with reading(server) as (understanding, _):
        await _overhears(understanding, server, BEGUN)
        understood = await understanding.understand(Heard(f"{BEGUN} and so on"), CONTEXT)
    assert (understood.source, understood.covered) == ("model", ("atp", "respiration"))
    assert len(server.requests) == 1, "no second call"


async def test_unread_words_that_could_reach_a_point_are_read(server: GroqStandIn) -> None:
    server.script(answering("answer", "atp"), answering("answer", "atp", "respiration"))
    async with reading(server) as (understanding, _):
        await _overhears(understanding, server, BEGUN)
        understood = await understanding.understand(Heard(WHOLE), CONTEXT)
    assert understood.covered == ("atp", "respiration")
    assert len(server.requests) == 2


async def test_a_point_that_no_probe_asks_after_holds_nothing_up(server: GroqStandIn) -> None:
    server.script(answering("answer", "atp"))
    async with reading(server) as (understanding, _):
        await _overhears(understanding, server, BEGUN, replace(CONTEXT, probing=False))
        understood = await understanding.understand(
            Heard(f"{BEGUN} and burns sugar slowly"), replace(CONTEXT, probing=False)
        )
    assert understood.covered == ("atp",)
    assert len(server.requests) == 1


@pytest.mark.parametrize("end", ["and burns sugar. Is that right?", "oh could you repeat that?"])
async def test_a_question_at_the_end_is_always_read(server: GroqStandIn, end: str) -> None:
    server.script(answering("answer", "atp"), answering("answer", "atp"))
    async with reading(server) as (understanding, _):
        await _overhears(understanding, server, BEGUN, replace(CONTEXT, probing=False))
        await understanding.understand(Heard(f"{BEGUN} {end}"), replace(CONTEXT, probing=False))
    assert len(server.requests) == 2


async def test_what_was_no_answer_yet_settles_nothing(server: GroqStandIn) -> None:
    server.script(answering("off_topic"), answering("answer", "atp", "respiration"))
    async with reading(server) as (understanding, _):
        await _overhears(understanding, server, BEGUN)
        understood = await understanding.understand(Heard(f"{BEGUN} and so on"), CONTEXT)
    assert understood.covered == ("atp", "respiration")
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "other",
    ["It is a little bean that floats about in there", BEGUN.replace("is the", "is not the")],
)
async def test_other_words_than_were_read_are_read_anew(server: GroqStandIn, other: str) -> None:
    server.script(answering("answer", "atp", "respiration"), answering("answer"))
    async with reading(server) as (understanding, _):
        await _overhears(understanding, server, BEGUN)
        understood = await understanding.understand(Heard(other), CONTEXT)
    assert understood.covered == ()
    assert len(server.requests) == 2


async def test_another_answer_has_readings_of_its_own(server: GroqStandIn) -> None:
    server.script(answering("answer", "atp", "respiration"), answering("answer"))
    async with reading(server) as (understanding, _):
        await _overhears(understanding, server, BEGUN)
        understood = await understanding.understand(
            Heard(BEGUN), replace(CONTEXT, answer_so_far="Something else.")
        )
    assert understood.covered == ()


async def test_the_reading_under_way_for_the_same_words_is_waited_for(server: GroqStandIn) -> None:
    server.script(answering("answer", "atp"))
    async with reading(server) as (understanding, _):
        understanding.overhear(Heard(WHOLE), CONTEXT)
        understood = await understanding.understand(Heard(WHOLE), CONTEXT)
    assert understood.covered == ("atp",)
    assert len(server.requests) == 1


async def test_a_reading_that_was_under_way_may_be_enough(server: GroqStandIn) -> None:
    may_end, never = asyncio.Event(), asyncio.Event()

    async def model(request: dict[str, Any]) -> Scripted:
        said = json.loads(request["messages"][1]["content"])["said"]
        await (may_end if said == BEGUN else never).wait()
        return answering("answer", "atp", "respiration")

    server.reply = model
    async with reading(server) as (understanding, _):
        understanding.overhear(Heard(BEGUN), CONTEXT)
        asked = asyncio.ensure_future(understanding.understand(Heard(f"{BEGUN} so"), CONTEXT))
        await eventually(lambda: len(server.requests) == 2)
        assert not asked.done()
        may_end.set()
        assert (await asked).covered == ("atp", "respiration")
        never.set()


async def test_a_late_model_leaves_what_was_read_before(server: GroqStandIn) -> None:
    server.script(answering("answer", "atp"), SILENT)
    async with reading(server, deadline_s=0.05) as (understanding, _):
        await _overhears(understanding, server, BEGUN)
        understood = await understanding.understand(Heard(WHOLE), CONTEXT)
    assert understood.covered == ("atp",)
    assert understood.doubtful


async def test_the_deadline_counts_from_when_the_words_are_certain(server: GroqStandIn) -> None:
    held = asyncio.Event()

    async def model(_: dict[str, Any]) -> dict[str, Any]:
        await held.wait()
        return {
            "intent": "answer",
            "covered": ["atp"],
            "target": None,
            "content": False,
            "unfinished": False,
            "notices": [],
        }

    server.reply = model
    certain = asyncio.Event()
    async with reading(server, deadline_s=0.05) as (understanding, _):
        asked = asyncio.ensure_future(
            understanding.understand(Heard(WHOLE, certain=certain), CONTEXT)
        )
        await asyncio.wait((asked,), timeout=0.2)
        assert not asked.done(), "a guess has time"
        held.set()
        assert (await asked).covered == ("atp",)
        asked = asyncio.ensure_future(
            understanding.understand(Heard("Some more words.", certain=certain), CONTEXT)
        )
        held.clear()
        certain.set()
        assert (await asked).doubtful, "a certain turn has the deadline"
        held.set()


async def test_readings_are_spaced_in_words_and_time(server: GroqStandIn) -> None:
    server.reply = lambda _: answering("answer", "atp")
    now = [100.0]
    async with GroqClient(**server.settings()) as client:
        ahead = ReadAhead(client, lambda: now[0])

        async def follow(words: int, seconds: float) -> int:
            now[0] += seconds
            ahead.follow(QUESTION, Heard(" ".join(["word"] * words)), CONTEXT)
            await asyncio.gather(*[each.task for each in ahead._calls])
            return len(server.requests)

        assert await follow(groq_ahead.AHEAD_WORDS - 1, 10) == 0, "too few words"
        assert await follow(groq_ahead.AHEAD_WORDS, 0.1) == 1
        assert await follow(20, AHEAD_S / 2) == 1, "too soon"
        assert await follow(20, AHEAD_S) == 2
        assert await follow(21, AHEAD_S) == 2, "hardly more words"
        assert await follow(40, AHEAD_S) == 3
        assert len(ahead._calls) <= 4
        ahead.close()


async def test_reading_ahead_leaves_tokens_for_the_ends_of_turns(server: GroqStandIn) -> None:
    server.reply = lambda _: answering("answer").costing(100)
    async with reading(server, token_budget=2500) as (understanding, client):
        client.budget.used = 1600
        understanding.overhear(Heard(WHOLE), CONTEXT)
        await asyncio.gather(*[each.task for each in understanding._ahead._calls])
        assert not server.requests
        client.budget.used = 500
        await understanding.understand(Heard(WHOLE), CONTEXT)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("words", "surely"),
    [
        ("It burns sugar and oxygen slowly.", True),
        ("It burns sugar.", False),
        ("Could you tell me what you mean there?", False),
        ("Does it have to do with sugar and oxygen?", False),
        ("It burns sugar and then it releases the", False),
        ("Could you repeat the question, please?", False),
    ],
)
async def test_what_is_certain_enough_to_thank_for(
    server: GroqStandIn, words: str, surely: bool
) -> None:
    async with reading(server) as (understanding, _):
        assert understanding.is_answer(Heard(words), CONTEXT) is surely


async def test_what_began_as_an_answer_may_be_thanked_for(server: GroqStandIn) -> None:
    server.script(answering("answer", "atp"))
    words = f"{BEGUN} you know"
    async with reading(server) as (understanding, _):
        assert not understanding.is_answer(Heard(words), CONTEXT)
        await _overhears(understanding, server, BEGUN)
        assert understanding.is_answer(Heard(words), CONTEXT)

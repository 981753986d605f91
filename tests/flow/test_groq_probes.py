"""Probes by Groq, over its wire protocol: what the model gets to see, and what fails."""

import dataclasses
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from exam_graph.paper import Paper
from exam_graph.probing import ProbeRequest
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import ANSWER_WINDOW, Context, Heard
from tests.flow.conftest import CELLS
from tests.stand_ins.groq import GroqStandIn, groq
from tests.stand_ins.groq_replies import (
    CUT,
    NOT_JSON,
    PAGE,
    SILENT,
    answering,
    probing,
    rate_limited,
    writing,
)
from tests.stand_ins.model import understanding_by, wrong
from worker.groq_client import GroqClient
from worker.groq_probes import GroqProbes
from worker.groq_understanding import GroqUnderstanding

pytestmark = pytest.mark.flow

RULES = RulesUnderstanding()
QUESTION = Paper.from_dict(CELLS).question("mitochondria")
REQUEST = ProbeRequest(QUESTION.ask, "It burns sugar with oxygen.", ("What does it need?",))


@pytest.fixture
async def server() -> AsyncIterator[GroqStandIn]:
    async with groq() as running:
        yield running


async def write(server: GroqStandIn, request: ProbeRequest = REQUEST, **changes: Any) -> str | None:
    async with GroqClient(**server.settings(**changes)) as client:
        return await GroqProbes(client).write(request)


async def test_a_question_about_the_answer(server: GroqStandIn) -> None:
    server.script(probing(" What happens to the\n sugar? "))
    assert await write(server) == "What happens to the sugar?"


async def test_the_model_sees_nothing_of_the_key(server: GroqStandIn) -> None:
    server.script(probing("Why?"))
    await write(server)
    (request,) = server.requests
    assert json.loads(request["messages"][1]["content"]) == {
        "question": REQUEST.question,
        "asked_before": ["What does it need?"],
        "answer": REQUEST.answer,
    }
    whole = json.dumps(request)
    for point in QUESTION.points:
        assert point.looks_for not in whole
        assert f'"{point.id}"' not in whole
    assert "ATP" not in whole
    # There is no place for one: it cannot come by another way later.
    assert {each.name for each in dataclasses.fields(ProbeRequest)} == {
        *("question", "answer", "asked"),
    }


async def test_one_bounded_call_that_is_not_streamed(server: GroqStandIn) -> None:
    server.script(probing("Why?"))
    await write(server, ProbeRequest("q" * 9000, "a" * 9000, ("x" * 9000,) * 50))
    (request,) = server.requests
    assert not request.get("stream")
    assert request["temperature"] == 0
    assert request["response_format"]["json_schema"]["strict"] is True
    assert len(json.loads(request["messages"][1]["content"])["answer"]) == ANSWER_WINDOW
    assert len(json.dumps(request)) < 9000


@pytest.mark.parametrize(
    "reply",
    [
        *(NOT_JSON, CUT, PAGE, rate_limited(), writing("Why?"), answering("answer")),
        writing('{"probe": "Why?", "key": "ATP"}'),
        writing('{"probe": null}'),
        probing("  "),
        probing("why " * 200),
    ],
)
async def test_whatever_fails_there_is_no_probe(server: GroqStandIn, reply: Any) -> None:
    server.script(reply)
    assert await write(server) is None


async def test_a_late_probe_is_not_waited_for(server: GroqStandIn) -> None:
    server.script(SILENT)
    assert await write(server, deadline_s=0.05) is None


async def test_one_budget_for_probes_and_understanding(server: GroqStandIn) -> None:
    server.script(probing("Why?").costing(9_000), answering("answer", "atp"))
    async with GroqClient(**server.settings(token_budget=9_500)) as client:
        assert await GroqProbes(client).write(REQUEST) == "Why?"
        understanding = GroqUnderstanding(RULES, client)
        understood = await understanding.understand(Heard("It burns."), Context(question=QUESTION))
        assert understood.source == "rules"
        assert await GroqProbes(client).write(REQUEST) is None
    assert len(server.requests) == 1


async def test_one_rest_for_both(server: GroqStandIn) -> None:
    server.script(rate_limited("60"))
    async with GroqClient(**server.settings()) as client:
        assert await GroqProbes(client).write(REQUEST) is None
        understanding = GroqUnderstanding(RULES, client)
        understood = await understanding.understand(Heard("It burns."), Context(question=QUESTION))
        assert understood.doubtful
    assert len(server.requests) == 1


async def test_logs_hold_no_word_of_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with groq(writing('{"say": "the sugar burns"}')) as server:
        assert await write(server) is None
    assert "no probe by the model" in caplog.text
    assert "sugar" not in caplog.text


async def test_hostile_texts_reach_whoever_checks_them_or_nobody() -> None:
    """Not checked here: the graph does it. But never an error, never more than one text."""
    async with understanding_by(wrong) as (_, probes):
        for number in range(20):
            written = await probes.write(ProbeRequest("Why?", f"Because of {number}."))
            assert written is None or 0 < len(written) <= 300

"""A model that fails in an exam: rules take over in time, the answer is flagged, it is counted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import REGISTRY

from exam_graph.events import Started
from exam_graph.rules import RulesUnderstanding
from records.model import Sitting
from tests.flow.conftest import Hall, told
from tests.stand_ins.groq import GroqStandIn, groq
from tests.stand_ins.groq_replies import (
    CUT,
    GARBLED,
    NOT_JSON,
    OVERLOADED,
    PAGE,
    SILENT,
    Scripted,
    answering,
    rate_limited,
    writing,
)
from worker.examiner import Examiner
from worker.failures import Kind
from worker.groq_client import GroqClient
from worker.groq_understanding import GroqUnderstanding

pytestmark = pytest.mark.flow

DEADLINE_S = 0.3
#: What a turn takes beside the model, on a busy machine.
ASIDE_S = 1.0
ANSWER = "It is the powerhouse, it burns sugar with oxygen."
PROBE = "Where does the energy end up?"


@asynccontextmanager
async def _examined(
    hall: Hall, server: GroqStandIn, sitting: Sitting, deadline_s: float = DEADLINE_S
) -> AsyncIterator[Examiner]:
    """At the first question."""
    async with GroqClient(**server.settings(deadline_s=deadline_s)) as client:
        understanding = GroqUnderstanding(RulesUnderstanding(), client)
        async with hall.holding(sitting, understanding=understanding) as examiner:
            for event in (Started(), "I see a window.", "Bread and tea."):
                await told(examiner, event)
            yield examiner
        understanding.close()


def _counted(kind: Kind) -> float:
    labels = {"provider": "llm", "kind": kind}
    return REGISTRY.get_sample_value("voxam_provider_errors_total", labels) or 0.0


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        pytest.param(SILENT, "timeout", id="timeout"),
        pytest.param(rate_limited(), "limited", id="429"),
        pytest.param(CUT, "dropped", id="cut"),
        pytest.param(OVERLOADED, "unavailable", id="503"),
        pytest.param(NOT_JSON, "error", id="400"),
        pytest.param(GARBLED, "garbage", id="half-a-body"),
        pytest.param(PAGE, None, id="page"),
        pytest.param(writing("Sugar."), "garbage", id="no-json"),
        pytest.param(answering("applaud"), "garbage", id="other-schema"),
    ],
)
async def test_the_exam_goes_on_in_time_and_the_answer_is_flagged(
    hall: Hall, fault: Scripted, kind: Kind | None
) -> None:
    sitting = await hall.sitting()
    async with groq(fault) as server, _examined(hall, server, sitting) as examiner:
        before = _counted(kind) if kind else 0.0
        async with asyncio.timeout(DEADLINE_S + ASIDE_S):
            said = await told(examiner, ANSWER)
        assert said[-1] == PROBE, "by the rules: no point was reached"
        if kind is not None:
            assert _counted(kind) == before + 1
    answer = (await hall.records.answers(sitting.id))[0]
    assert answer.text == ANSWER
    assert answer.covered == []
    assert "coverage_uncertain" in answer.flags


async def test_a_model_that_answers_leaves_no_flag(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with (
        groq(answering("answer", "atp", "respiration")) as server,
        _examined(hall, server, sitting, deadline_s=5.0) as examiner,
    ):
        await told(examiner, ANSWER)
    answer = (await hall.records.answers(sitting.id))[0]
    assert answer.covered == ["atp", "respiration"]
    assert answer.flags == []

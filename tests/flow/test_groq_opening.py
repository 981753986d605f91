"""A sitting opened with a model: what of it the exam gets, and what both uses share."""

from typing import Any

import pytest

from exam_graph.graph import ExamGraph
from exam_graph.probing import ProbeRequest
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import Context, Heard
from tests.flow.conftest import CELLS, Hall
from tests.stand_ins.groq import KEY, groq
from tests.stand_ins.groq_replies import probing
from tests.takeover import take_over
from worker.groq_probes import GroqProbes
from worker.groq_understanding import GroqUnderstanding
from worker.opening import open_examiner, open_understanding
from worker.settings import Settings

pytestmark = pytest.mark.flow

RULES = RulesUnderstanding()


def settings(base_url: str, **changes: Any) -> Settings:
    given = {"groq_api_key": KEY, "groq_base_url": base_url, "groq_deadline_ms": 5000}
    return Settings.model_validate(given | changes)


async def test_without_a_key_rules_understand_and_write_no_probes() -> None:
    async with open_understanding(RULES, Settings(groq_api_key=None)) as opened:
        assert opened == (RULES, None)


async def test_both_uses_share_the_budget_of_the_settings() -> None:
    async with (
        groq(probing("Why?").costing(50_000)) as server,
        open_understanding(RULES, settings(server.base_url, groq_token_budget=50_000)) as opened,
    ):
        understanding, probes = opened
        assert probes is not None
        assert await probes.write(ProbeRequest("How?", "By burning.")) == "Why?"
        assert await probes.write(ProbeRequest("How?", "By burning.")) is None
        await understanding.understand(Heard("By burning."), Context())
        assert len(server.requests) == 1


@pytest.mark.parametrize("allowed", [False, True])
async def test_probes_are_written_only_where_the_paper_allows_them(
    hall: Hall, graph: ExamGraph, allowed: bool
) -> None:
    sitting = await hall.sitting(paper={**CELLS, "generated_probes": allowed})
    async with groq() as server:
        given = settings(server.base_url, database_url=f"sqlite:///{hall.file}")
        fence = await take_over(hall.records, sitting.id)
        async with open_examiner(sitting, fence, hall.records, graph, RULES, given) as examiner:
            assert isinstance(examiner.context.understanding, GroqUnderstanding)
            assert isinstance(examiner.context.probes, GroqProbes if allowed else type(None))

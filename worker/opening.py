"""Opens a sitting for examining: record, checkpoints, graph and understanding put together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from exam_graph.clock import MonotonicClock
from exam_graph.graph import ExamGraph
from exam_graph.paper import Paper
from exam_graph.phrasebook import phrasebook
from exam_graph.probing import ProbeWriter
from exam_graph.profile import Profile
from exam_graph.rules import RulesUnderstanding
from exam_graph.state import ExamContext
from exam_graph.understanding import Understanding
from records.model import Sitting
from records.store import Records
from worker.checkpoints import open_checkpoints
from worker.examiner import Examiner
from worker.settings import Settings
from worker.spending import Spending


@contextlib.asynccontextmanager
async def open_examiner(
    sitting: Sitting,
    fence: int,
    records: Records,
    graph: ExamGraph,
    rules: RulesUnderstanding,
    settings: Settings,
    spending: Spending | None = None,
) -> AsyncIterator[Examiner]:
    """An examiner that stands where the sitting was left, and writes under `fence`."""
    async with (
        open_understanding(rules, settings, spending) as (understanding, probes),
        open_checkpoints(settings.database_url, sitting.id, fence) as checkpoints,
    ):
        paper = Paper.from_dict(sitting.paper)
        examiner = Examiner(
            sitting,
            fence,
            records=records,
            graph=graph,
            checkpoints=checkpoints,
            context=ExamContext(
                paper,
                phrasebook(paper.language),
                understanding,
                # Checked at the door; what is not understood here must not be held otherwise.
                profile=Profile.model_validate(sitting.profile),
                probes=probes if paper.generated_probes else None,
                absence_limit_ms=round(settings.absence_limit_s * 1000),
            ),
            clock=MonotonicClock(),
        )
        await examiner.open()
        yield examiner


@contextlib.asynccontextmanager
async def open_understanding(
    rules: RulesUnderstanding, settings: Settings, spending: Spending | None = None
) -> AsyncIterator[tuple[Understanding, ProbeWriter | None]]:
    """Groq's where there is a key, else the rules alone, which write no probes.

    Opened once per sitting: both share its token budget. A sitting that is resumed has a new one.
    """
    key = settings.groq_key
    if key is None:
        yield rules, None
        return
    # Costs 40 MB that an exam without a model need not carry.
    from worker.groq_client import GroqClient
    from worker.groq_probes import GroqProbes
    from worker.groq_understanding import GroqUnderstanding

    async with GroqClient(
        api_key=key,
        base_url=settings.groq_base_url,
        model=settings.groq_model,
        deadline_s=settings.groq_deadline_ms / 1000,
        token_budget=settings.groq_token_budget,
    ) as groq:
        if spending is not None:
            groq.on_usage = spending.tokens(settings.groq_base_url, settings.groq_model)
        # Nobody speaks yet: the exam need not wait for the connection.
        warming = asyncio.create_task(groq.warm())
        try:
            with contextlib.closing(GroqUnderstanding(rules, groq)) as understanding:
                yield understanding, GroqProbes(groq)
        finally:
            warming.cancel()

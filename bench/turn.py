"""Graph and commit of a turn at the second and at the last but one question of a long exam.

The bounds are those of docs/bench.md: the graph 5 ms before the commit, the commit 20 ms on SQLite
(p95), both the same late in the exam as early. The baseline, in the same run and on the same disk,
is one bare SQLite transaction as durable as a commit.
"""

import asyncio
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from exam_graph.clock import MonotonicClock
from exam_graph.events import Event, Started, StudentSpoke
from exam_graph.graph import ExamGraph, build_graph
from exam_graph.paper import Paper
from exam_graph.phrasebook import phrasebook
from exam_graph.rules import RulesUnderstanding
from exam_graph.state import ExamContext
from records.migrate import migrate
from records.store import Records
from worker.checkpoints import open_checkpoints
from worker.examiner import Examiner

ANSWER = "It releases the energy of our food and stores it, which the rest of the cell then uses."
#: What is said to each question: two parts of an answer, and wishes in between.
LINES = (
    "How much time do I have left?",
    "Could you repeat the question, please?",
    ANSWER,
    "By cellular respiration, in several steps.",
)
EARLY = 2

Samples = dict[tuple[str, int], list[float]]


async def measure(questions: int, exams: int) -> Table:
    """A table of p50 and p95 in ms, and of ratios late to early."""
    late = questions - 1
    samples: Samples = defaultdict(list)
    graph, rules = build_graph(), RulesUnderstanding()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.db"
        migrate(f"sqlite:///{file}")
        for number in range(exams):
            async with _examiner(file, graph, rules, questions, f"student{number}") as examiner:
                await _hold(examiner, {EARLY, late}, samples)
        baseline = [_bare_commit(Path(folder) / "bare.db") for _ in range(len(LINES) * exams)]
    return _table(samples, baseline, late)


async def _hold(examiner: Examiner, measured: set[int], samples: Samples) -> None:
    await _timed(examiner, Started())
    await _timed(examiner, StudentSpoke(text="I can see my desk."))
    await _timed(examiner, StudentSpoke(text="I like to read."))
    while not examiner.finished:
        question = examiner.state["position"] + 1
        for line in LINES:
            if examiner.finished or examiner.state["position"] + 1 != question:
                break
            graph_ms, commit_ms = await _timed(examiner, StudentSpoke(text=line))
            if question in measured:
                samples["graph", question].append(graph_ms)
                samples["commit", question].append(commit_ms)


async def _timed(examiner: Examiner, event: Event) -> tuple[float, float]:
    """Milliseconds until all words of the reply are there, and from then until it is kept."""
    began = time.perf_counter()
    turn = examiner.submit(event)
    async for _ in turn.marks():
        pass
    said = time.perf_counter()
    await turn.committed
    return (said - began) * 1000, (time.perf_counter() - said) * 1000


@asynccontextmanager
async def _examiner(
    file: Path, graph: ExamGraph, rules: RulesUnderstanding, questions: int, user: str
) -> AsyncIterator[Examiner]:
    paper = Paper.from_dict(_long_paper(questions))
    records = await Records.open(f"sqlite:///{file}")
    await records.publish_paper(paper.id, paper.to_dict(), paper.content_hash)
    sitting, _ = await records.open_sitting(
        user_id=user,
        exam_id=paper.id,
        consent={"recording": False, "text_version": "1"},
        profile={},
        invitation=None,
    )
    fence = (await records.claim(sitting.id, "bench")).fence
    async with open_checkpoints(f"sqlite:///{file}", sitting.id, fence) as checkpoints:
        examiner = Examiner(
            sitting,
            fence,
            records=records,
            graph=graph,
            checkpoints=checkpoints,
            context=ExamContext(paper, phrasebook("en"), rules),
            clock=MonotonicClock(),
        )
        await examiner.open()
        work = asyncio.create_task(examiner.run())
        yield examiner
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
    await records.close()


def _long_paper(questions: int) -> dict[str, Any]:
    points = [
        {"id": "form", "marks": 2, "looks_for": "produces ATP", "probe": "In what form?"},
        {"id": "way", "marks": 2, "looks_for": "by cellular respiration", "probe": "How?"},
    ]
    question = {"kind": "open", "marks": 4, "follow_ups": 1, "points": points}
    return {
        "id": "long",
        "title": "A long exam",
        "duration_minutes": 240,
        "questions": [
            question | {"id": f"q{number}", "ask": f"How does mitochondrion {number} serve?"}
            for number in range(1, questions + 1)
        ],
    }


def _bare_commit(file: Path) -> float:
    """Milliseconds of one insert and its commit, journal and durability as the record's."""
    with sqlite3.connect(file) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE IF NOT EXISTS rows (text TEXT)")
        database.commit()
        began = time.perf_counter()
        database.execute("INSERT INTO rows VALUES (?)", (ANSWER,))
        database.commit()
        return (time.perf_counter() - began) * 1000


def _table(samples: Samples, baseline: list[float], late: int) -> Table:
    table = Table("what", "n", "p50 ms", "p95 ms", "p95 of the baseline's", box=None)
    bare = float(np.percentile(baseline, 95))
    rows: list[tuple[str, list[float]]] = [("bare SQLite commit (baseline)", baseline)]
    for part in ("graph", "commit"):
        rows += [(f"{part}, question {each}", samples[part, each]) for each in (EARLY, late)]
    for name, values in rows:
        p50, p95 = (float(each) for each in np.percentile(values, [50, 95]))
        table.add_row(name, str(len(values)), f"{p50:.2f}", f"{p95:.2f}", f"{p95 / bare:.2f} x")
    for part in ("graph", "commit"):
        early, end = (np.percentile(samples[part, each], 50) for each in (EARLY, late))
        table.add_row(f"{part}, late to early (p50)", "", "", "", f"{end / early:.2f} x")
    return table

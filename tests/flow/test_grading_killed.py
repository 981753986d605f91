"""Graders that die: one result, no cost twice, nothing asked again that was answered."""

import asyncio
import os
import random
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from grading.asking import Models
from grading.marking import Marking
from grading.service import Service
from records.grading_store import GradingStore
from records.store import Records
from tests.flow.test_grading_cases import settings
from tests.graders.graders import Panel, panel
from tests.graders.sittings import FULL, HALF, hold, migrated, rows
from tests.processes import ROOT

pytestmark = pytest.mark.flow

#: Three graders of three answers, in two rounds.
CALLS = 18
QUICK = {"GRADING_RENEW_S": "0.1", "GRADING_EXPIRES_S": "0.5", "GRADING_AT_ONCE": "4"}


@asynccontextmanager
async def dying(url: str, graders: Panel, *moments: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.graders.killed", *moments),
        cwd=ROOT,
        env=os.environ | graders.environment | QUICK | {"DATABASE_URL": url},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    yield process
    assert await process.wait() == 0


async def said(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().split()[1]


async def work_off(url: str, graders: Panel) -> None:
    """By a grader that lives."""
    told = settings(
        graders.environment,
        database_url=url,
        grading_renew_s=0.1,
        grading_expires_s=0.5,
        grading_at_once=4,
    )
    store = await GradingStore.open(url)
    async with Models(told) as models:
        await Service(store, told, Marking(store, told, models)).work_off()
    await store.close()


async def held(url: str, count: int) -> list[str]:
    records = await Records.open(url)
    words = {"first": FULL, "second": HALF, "third": FULL}
    ids = [await hold(records, f"user-{number}", words) for number in range(count)]
    await records.close()
    return ids


THREADS = "SELECT thread_id FROM checkpoints UNION SELECT thread_id FROM writes"


def kept(url: str) -> list[tuple[object, ...]]:
    """The sittings whose graders have left something."""
    return rows(url, f"SELECT sitting_id FROM gradings WHERE id IN ({THREADS})")


async def check(url: str, ids: list[str]) -> None:
    """One grading of each, its three marks, and what each call cost, once."""
    store = await GradingStore.open(url)
    for sitting_id in ids:
        [grading] = await store.gradings(sitting_id)
        assert (grading.state, grading.current) == ("done", True)
        assert [mark.marks for mark in await store.marks(grading.id)] == [4, 2, 4]
        of_it = f"FROM costs WHERE sitting_id = '{sitting_id}' GROUP BY unit ORDER BY unit"
        assert rows(url, f"SELECT unit, count(*), sum(quantity) {of_it}") == [
            ("input_tokens", CALLS, 400 * CALLS),
            ("output_tokens", CALLS, 20 * CALLS),
        ]
        assert (await store.verify(sitting_id)).broken == []
    await store.close()
    assert rows(url, THREADS) == []


async def test_row_24_killed_at_any_moment(tmp_path: Path) -> None:
    """Ten times at random; right before the marks are stored; right after."""
    url = migrated(tmp_path)
    ids = await held(url, 12)
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)
    moments = [*(["told"] * 10), "finish", "forget"]
    async with panel("good", "slow", "swayed") as graders:
        requests = graders.server.requests
        async with dying(url, graders, *map(":".join, zip(ids, moments, strict=True))) as process:
            assert process.stdin is not None
            for _ in range(10):
                assert await said(process) == "begins"
                await graders.were_asked(len(requests) + chance.randint(1, CALLS - 1))
                await asyncio.sleep(chance.uniform(0, 0.05))
                process.stdin.write(b"\n")
                assert await said(process) == "killed"
            before = len(requests)
            assert [await said(process), await said(process)] == ["killed", "killed"]
        assert len(requests) == before + 2 * CALLS
        assert (ids[-1],) not in kept(url), "they go with the marks"
        await work_off(url, graders)
        # Answered and kept is never asked again; what was under way at the kill may be.
        assert len({str(each["messages"]) + each["model"] for each in requests}) == CALLS
        assert len(requests) <= 12 * CALLS + 10 * 9
    await check(url, ids)

"""An exam and the token API while a real Postgres is stopped and started again (row 7)."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from exam_graph.events import Started, StudentSpoke
from exam_graph.graph import ExamGraph, build_graph
from records.store import Records
from tests.flow.conftest import Hall, HandClock, eventually, told
from tests.postgres import Postgres
from tests.stand_ins.livekit_api import LiveKitStandIn
from token_api.app import create_app
from token_api.settings import Settings
from worker import patience

pytestmark = pytest.mark.live

#: Seconds that Postgres is away; the table of faults says 20.
AWAY_S = 20.0 if os.environ.get("FULL") else 1.5
KEY = "key-of-the-school-service"


@pytest.fixture
def stoppable(postgres: Postgres) -> Iterator[Postgres]:
    """Runs again afterwards, whatever happens."""
    yield postgres
    postgres.stop()
    postgres.start()


@pytest.fixture(scope="module")
def graph() -> ExamGraph:
    return build_graph()


@pytest.fixture
async def hall(postgres_url: str, graph: ExamGraph) -> AsyncIterator[Hall]:
    records = await Records.open(postgres_url)
    yield Hall(Path("there is no file"), records, graph, postgres_url)
    await records.close()


async def test_an_exam_on_postgres_is_kept_and_taken_up_again(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await told(examiner, Started())
        for answer in ("I see a window.", "Bread and tea.", "It makes atp."):
            await told(examiner, answer)
        left = examiner.state
    assert await hall.checkpointed(sitting) == left
    async with hall.holding(sitting) as examiner:
        assert examiner.state == left
        await told(examiner, "It ends up in ATP.")
    assert [each.number for each in await hall.records.turns(sitting.id)] == [0, 1, 2, 3, 4]


async def test_row_07_an_exam_waits_for_postgres_and_goes_on(
    stoppable: Postgres,
    hall: Hall,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(patience, "TELL_AFTER_S", min(patience.TELL_AFTER_S, AWAY_S / 3))
    sitting = await hall.sitting()
    async with hall.holding(sitting, clock=HandClock()) as examiner:
        for event in (Started(), "I see a window.", "Bread and tea."):
            await told(examiner, event)
        stoppable.stop()
        turn = examiner.submit(StudentSpoke(text="It makes atp."))
        later = examiner.submit(StudentSpoke(text="It ends up in ATP."))
        await asyncio.sleep(AWAY_S)
        assert "storage fails, the exam waits" in caplog.text
        assert not turn.committed.done()
        stoppable.start()
        async with asyncio.timeout(15):
            await turn.committed
            await later.committed
        assert await hall.checkpointed(sitting) == examiner.state
    turns = await hall.records.turns(sitting.id)
    assert [turn.number for turn in turns] == [0, 1, 2, 3, 4]
    assert [turn.text for turn in turns][3:] == ["It makes atp.", "It ends up in ATP."]


async def test_row_07_the_answer_to_a_commit_may_be_lost_with_postgres(
    stoppable: Postgres, hall: Hall
) -> None:
    """Stopped again and again while turns are kept: each is there once, at the end."""
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await told(examiner, Started())
        turns = [examiner.submit(StudentSpoke(text=f"words {number}")) for number in range(30)]
        for stop in (3, 9, 15):
            await eventually(turns[stop].committed.done)
            await asyncio.to_thread(stoppable.stop)
            await asyncio.to_thread(stoppable.start)
        async with asyncio.timeout(60):
            await asyncio.gather(*(turn.committed for turn in turns))
    kept = await hall.records.turns(sitting.id)
    assert [turn.number for turn in kept] == list(range(31))
    assert [turn.text for turn in kept[1:]] == [f"words {number}" for number in range(30)]


def test_row_07_new_exams_are_told_to_try_again(
    stoppable: Postgres, postgres_url: str, tmp_path: Path
) -> None:
    async def publish() -> None:
        records = await Records.open(postgres_url)
        await records.publish_paper("cells", {"title": "Cells", "questions": []}, "hash")
        await records.close()

    asyncio.run(publish())
    settings = Settings(
        livekit_url="wss://livekit.example",
        livekit_api_key="api-key",
        livekit_api_secret=SecretStr("a" * 40),
        database_url=postgres_url,
        token_api_key=SecretStr(KEY),
        invitation_secret=SecretStr("s" * 40),
        web_dist=tmp_path / "dist",
    )
    app = create_app(settings, cast(aiohttp.ClientSession, LiveKitStandIn()))
    with TestClient(app, raise_server_exceptions=False) as client:

        def start(user: str) -> tuple[int, str | None]:
            body = {
                "user_id": user,
                "exam_id": "cells",
                "consent": {"recording": False, "text_version": "1"},
            }
            bearer = {"authorization": f"Bearer {KEY}"}
            answer = client.post("/start-exam-session", json=body, headers=bearer)
            return answer.status_code, answer.headers.get("retry-after")

        assert start("ann") == (200, None)
        stoppable.stop()
        status, retry_after = start("bob")
        assert status == 503
        assert retry_after is not None
        assert int(retry_after) > 0
        assert client.get("/readyz").status_code == 503
        stoppable.start()
        assert start("bob") == (200, None)

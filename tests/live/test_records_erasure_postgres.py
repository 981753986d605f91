"""On a real Postgres, too, nothing of a student is left."""

from datetime import UTC, datetime

import psycopg
import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from records.erasure import delete_user, expired, purge
from records.overview import count_sittings
from records.store import Records
from tests.unit.test_records_erasure import SECRET, _age, audited, held

pytestmark = pytest.mark.live


async def _keep_checkpoint(url: str, sitting_id: str) -> None:
    """In the tables that LangGraph makes, as the worker has them made."""
    async with AsyncPostgresSaver.from_conn_string(url) as saver:
        await saver.setup()
        await saver.aput(
            {"configurable": {"thread_id": sitting_id, "checkpoint_ns": ""}},
            {**empty_checkpoint(), "channel_values": {"words": [SECRET]}},
            {},
            {"words": 1},
        )


def _everything(url: str) -> str:
    """Every row of every table, as text."""
    with psycopg.connect(url) as database:
        tables = database.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        return " ".join(
            str(row)
            for (name,) in tables
            for row in database.execute(f'SELECT t::text FROM "{name}" t'.encode()).fetchall()
        )


async def test_a_student_is_deleted_with_the_checkpoints(postgres_url: str) -> None:
    records = await Records.open(postgres_url)
    await records.publish_paper("cells", {"title": "Cells"}, "hash")
    own, other = await held(records, "ann", SECRET), await held(records, "bob", "ribosome")
    for sitting in (own, other):
        await _keep_checkpoint(postgres_url, sitting.id)

    erased = await delete_user(postgres_url, "ann")

    assert erased.rows["checkpoints"] == erased.rows["checkpoint_blobs"] == 1
    left = _everything(postgres_url)
    assert f"({own.id}" not in left
    assert f"({other.id}" in left
    assert "ribosome" in left
    await records.close()


async def test_what_is_old_is_purged_and_what_broke_off_is_counted(postgres_url: str) -> None:
    records = await Records.open(postgres_url)
    await records.publish_paper("cells", {"title": "Cells"}, "hash")
    old, young = await held(records, "ann", SECRET), await held(records, "bob", "ribosome")
    broken = await held(records, "eve", SECRET, over=False)
    await _age(records, old, days=31)
    (lease,) = await records.leases()
    await records.break_lease(lease)
    assert await expired(postgres_url, 30) == [old.id]
    assert (await purge(postgres_url, 30)).sittings == [old.id]
    assert await audited(records) == [("purge", old.id)]
    assert await records.sitting(young.id) is not None
    assert await records.sitting(broken.id) is not None
    assert (await count_sittings(postgres_url, datetime.now(UTC))).lost == 0
    await records.close()

"""Checkpoints on a real database: kept, read again, and only by whoever holds the sitting.

`tests/live/test_worker_checkpoints_postgres.py` runs those that take `url` on Postgres too.
"""

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver, empty_checkpoint
from sqlalchemy import text

from exam_graph.graph import Checkpoints, keep, kept
from exam_graph.state import Kept, first_state
from records import engine
from records.engine import CHECKPOINT_TABLES, reading, writing
from records.errors import RecordsDamaged, RecordsUnavailable, StaleFence
from records.model import Sitting
from records.store import Records
from tests.takeover import take_over
from worker.checkpoints import open_checkpoints

pytestmark = pytest.mark.unit


@pytest.fixture
async def sitting(records: Records) -> Sitting:
    return await open_sitting(records, "ann")


async def open_sitting(records: Records, user: str) -> Sitting:
    sitting, _ = await records.open_sitting(
        user_id=user,
        exam_id="cells",
        consent={"recording": False, "text_version": "1"},
        profile={},
        invitation=None,
    )
    return sitting


def state(turn: int) -> Kept:
    return {**first_state(["q1", "q2"]), "turn": turn}


def thread(sitting: Sitting) -> RunnableConfig:
    return {"configurable": {"thread_id": sitting.id}, "metadata": {"fence": 1}}


def saver(checkpoints: Checkpoints) -> BaseCheckpointSaver[Any]:
    assert isinstance(checkpoints.checkpointer, BaseCheckpointSaver)
    return checkpoints.checkpointer


async def rows(records: Records, table: str) -> int:
    async with reading(records._engine) as connection:
        found = await connection.execute(text(f"SELECT count(*) FROM {table}"))
        return int(found.scalar_one())


async def tables(records: Records) -> tuple[str, ...]:
    return CHECKPOINT_TABLES[records._engine.dialect.name]


def files(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


# -- on either database --


async def test_what_is_kept_is_there_for_the_next_holder(
    url: str, records: Records, sitting: Sitting
) -> None:
    fence = await take_over(records, sitting.id)
    async with open_checkpoints(url, sitting.id, fence) as checkpoints:
        assert await kept(checkpoints, thread(sitting)) is None
        await keep(checkpoints, thread(sitting), state(0))
        await keep(checkpoints, thread(sitting), state(1))
    fence = await take_over(records, sitting.id)
    async with open_checkpoints(url, sitting.id, fence) as checkpoints:
        assert await kept(checkpoints, thread(sitting)) == state(1)
        await keep(checkpoints, thread(sitting), state(2))
        assert await kept(checkpoints, thread(sitting)) == state(2)


async def test_a_holder_who_was_replaced_writes_nothing_and_holds_nobody_up(
    url: str, records: Records, sitting: Sitting
) -> None:
    fence = await take_over(records, sitting.id)
    async with open_checkpoints(url, sitting.id, fence) as old:
        await keep(old, thread(sitting), state(0))
        fence = await take_over(records, sitting.id)
        before = [await rows(records, table) for table in await tables(records)]
        with pytest.raises(StaleFence):
            await keep(old, thread(sitting), state(7))
        assert [await rows(records, table) for table in await tables(records)] == before
        async with open_checkpoints(url, sitting.id, fence) as new:
            await keep(new, thread(sitting), state(1))
            # The old one sees what the new one wrote: it stands in no transaction of its own.
            assert await kept(old, thread(sitting)) == state(1)
        await records.publish_paper("cells", {"title": "Cells"}, "other")


async def test_every_way_to_write_is_fenced(url: str, records: Records, sitting: Sitting) -> None:
    fence = await take_over(records, sitting.id)
    async with open_checkpoints(url, sitting.id, fence) as checkpoints:
        await keep(checkpoints, thread(sitting), state(0))
        found = await saver(checkpoints).aget_tuple(thread(sitting))
        assert found is not None
        at: RunnableConfig = found.config
        own: RunnableConfig = {"configurable": {"thread_id": sitting.id, "checkpoint_ns": ""}}
        new = empty_checkpoint()
        new["channel_values"] = {"exam": {"turn": 9}}
        new["channel_versions"] = {"exam": "9"}
        versions: Any = {"exam": "9"}

        async def write_all() -> list[BaseException | Any]:
            done = []
            for write in (
                saver(checkpoints).aput(own, new, {}, versions),
                # The same once more: replaced, where it is there.
                saver(checkpoints).aput(own, found.checkpoint, found.metadata, {}),
                saver(checkpoints).aput_writes(at, [("exam", {"turn": 9})], "task"),
                saver(checkpoints).aput_writes(at, [("__error__", "why")], "task"),
            ):
                done.append((await asyncio.gather(write, return_exceptions=True))[0])
            return done

        before = [await rows(records, table) for table in await tables(records)]
        await take_over(records, sitting.id)
        assert [type(each) for each in await write_all()] == [StaleFence] * 4
        assert [await rows(records, table) for table in await tables(records)] == before


async def test_a_sitting_that_is_not_there_has_no_checkpoints(url: str, records: Records) -> None:
    config: RunnableConfig = {"configurable": {"thread_id": "0" * 32}}
    async with open_checkpoints(url, "0" * 32, 0) as checkpoints:
        with pytest.raises(StaleFence):
            await keep(checkpoints, config, state(0))


async def test_many_may_begin_at_once_on_a_new_database(url: str, records: Records) -> None:
    async def begin(user: str) -> Kept | None:
        sitting = await open_sitting(records, user)
        fence = await take_over(records, sitting.id)
        async with open_checkpoints(url, sitting.id, fence) as checkpoints:
            await keep(checkpoints, thread(sitting), state(len(user)))
            return await kept(checkpoints, thread(sitting))

    users = ["x" * length for length in range(1, 9)]
    begun = await asyncio.gather(*(begin(user) for user in users))
    assert begun == [state(len(user)) for user in users]


async def test_a_checkpoint_that_cannot_be_read_is_as_if_it_were_not_there(
    url: str, records: Records, sitting: Sitting, caplog: pytest.LogCaptureFixture
) -> None:
    fence = await take_over(records, sitting.id)
    async with open_checkpoints(url, sitting.id, fence) as checkpoints:
        await keep(checkpoints, thread(sitting), state(0))
        sqlite = records._engine.dialect.name == "sqlite"
        damage = (
            "UPDATE checkpoints SET checkpoint = x'9f'"
            if sqlite
            else "UPDATE checkpoint_blobs SET blob = '\\x9f'"
        )
        async with writing(records._engine) as connection:
            if not sqlite:
                await connection.execute(text(f"SET LOCAL voxam.fence = '{fence}'"))
            await connection.execute(text(damage))
        assert await kept(checkpoints, thread(sitting)) is None
        assert f"sitting {sitting.id}: its checkpoint cannot be read" in caplog.text
        await keep(checkpoints, thread(sitting), state(1))
        assert await kept(checkpoints, thread(sitting)) == state(1)


# -- SQLite's own --


async def test_a_database_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(RecordsUnavailable):
        async with open_checkpoints(f"sqlite:///{tmp_path / 'voxam.db'}", "0" * 32, 1):
            pass
    assert files(tmp_path) == []
    await _driver_ended()


async def _driver_ended() -> None:
    """The driver does not wait for the thread of a connection that could not be made; it must not
    outlive the event loop, to which it still reports."""
    for thread in threading.enumerate():
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join)


async def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "voxam.db"
    file.write_text("not a database, but long enough to be read as one" * 50)
    with pytest.raises(RecordsDamaged, match="damaged"):
        async with open_checkpoints(f"sqlite:///{file}", "0" * 32, 1):
            pass


async def test_who_met_a_lock_can_write_when_it_is_gone(
    url: str,
    database: Path,
    records: Records,
    sitting: Sitting,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 20)
    fence = await take_over(records, sitting.id)
    async with open_checkpoints(url, sitting.id, fence) as checkpoints:
        await keep(checkpoints, thread(sitting), state(0))
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(RecordsUnavailable, match="locked"):
                await keep(checkpoints, thread(sitting), state(1))
            other.execute("UPDATE sittings SET seed = 1")
            other.execute("COMMIT")
        assert await kept(checkpoints, thread(sitting)) == state(0)
        await keep(checkpoints, thread(sitting), state(1))
        assert await kept(checkpoints, thread(sitting)) == state(1)


async def test_a_full_disk_leaves_nothing_half_written(
    url: str, records: Records, sitting: Sitting
) -> None:
    fence = await take_over(records, sitting.id)
    async with open_checkpoints(url, sitting.id, fence) as checkpoints:
        await keep(checkpoints, thread(sitting), state(0))
        connection = saver(checkpoints).conn  # type: ignore[attr-defined]
        # What SQLite then says is what it says of a disk: "database or disk is full".
        await connection.execute("PRAGMA max_page_count = 1")
        big: Any = {**state(1), "notes": "x" * 100_000}
        with pytest.raises(RecordsUnavailable, match="full"):
            await keep(checkpoints, thread(sitting), big)
        assert await rows(records, "checkpoints") == 1
        await connection.execute("PRAGMA max_page_count = 100000")
        await keep(checkpoints, thread(sitting), big)
        assert await kept(checkpoints, thread(sitting)) == big


async def test_who_is_stopped_in_mid_write_leaves_no_lock(
    url: str, records: Records, sitting: Sitting
) -> None:
    fence = await take_over(records, sitting.id)
    async with open_checkpoints(url, sitting.id, fence) as checkpoints:
        for number in range(20):
            writing_ = asyncio.create_task(keep(checkpoints, thread(sitting), state(number)))
            for _ in range(number):
                await asyncio.sleep(0)
            writing_.cancel()
            await asyncio.gather(writing_, return_exceptions=True)
            await records.publish_paper("cells", {"title": "Cells"}, f"hash-{number}")

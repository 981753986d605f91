"""An exam whose storage fails: locked, full, emptied, damaged. Nothing is lost, nothing is twice.

The names say which row of the table of faults they stand for, where they stand for one.
"""

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from exam_graph.events import Started, StudentSpoke
from records import engine
from records.errors import RecordsDamaged, RecordsUnavailable, SchemaOutdated
from records.model import TurnRecord
from records.store import Records
from tests.flow.conftest import Hall, eventually, told
from worker import patience

pytestmark = pytest.mark.flow

ANSWERS = ("I see a window.", "Bread and tea.", "It makes atp.", "It ends up in ATP.", "B.")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database gives up on a lock, and is tried again, as soon as it can be measured."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 20)
    monkeypatch.setattr(patience, "LONGEST_PAUSE_S", 0.02)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full_disk(file: Path) -> Iterator[None]:
    """No file of this process grows beyond the journal of the database as it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    journal = file.with_name(f"{file.name}-wal")
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.stat().st_size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def numbers(hall: Hall, sitting_id: str) -> list[int]:
    return [turn.number for turn in await hall.records.turns(sitting_id)]


@pytest.mark.usefixtures("soon")
async def test_row_22_while_the_database_is_locked_no_turn_counts_as_kept(hall: Hall) -> None:
    records = await Records.open(hall.url)
    impatient = Hall(hall.file, records, hall.graph)
    sitting = await impatient.sitting()
    async with impatient.holding(sitting) as examiner:
        kept_turns: list[int] = []
        examiner.on_commit(lambda state: kept_turns.append(state["turn"]))
        await told(examiner, Started())
        with locked(hall.file):
            turn = examiner.submit(StudentSpoke(text="I see a window."))
            tries = await _tried(records, 3)
            assert not turn.committed.done()
            assert kept_turns == [0]
            assert await numbers(hall, sitting.id) == [0]
        await turn.committed
        assert tries >= 3
    assert kept_turns == [0, 1]
    assert await numbers(hall, sitting.id) == [0, 1]
    assert await hall.checkpointed(sitting) == examiner.state
    await records.close()


async def _tried(records: Records, times: int) -> int:
    """Returns when a commit was tried so often."""
    tries = 0
    commit = records.commit_turn

    async def counted(sitting_id: str, fence: int, turn: TurnRecord) -> None:
        nonlocal tries
        tries += 1
        await commit(sitting_id, fence, turn)

    records.commit_turn = counted  # type: ignore[method-assign]
    await eventually(lambda: tries >= times)
    return tries


@pytest.mark.usefixtures("soon")
async def test_row_21_with_a_full_disk_the_exam_waits_and_nothing_is_half_written(
    hall: Hall,
) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await told(examiner, Started())
        before = await hall.kept(sitting)
        with full_disk(hall.file):
            turn = examiner.submit(StudentSpoke(text="I see a window. " * 500))
            await _tried(hall.records, 3)
            assert not turn.committed.done()
            assert await hall.kept(sitting) == before
        await turn.committed
        await told(examiner, "Bread and tea.")
    assert await numbers(hall, sitting.id) == [0, 1, 2]
    assert await hall.checkpointed(sitting) == examiner.state


async def test_a_commit_whose_answer_was_lost_is_kept_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a database goes down between its commit and its answer."""
    sitting = await hall.sitting()
    commit = hall.records.commit_turn
    lost: set[int] = set()

    async def cut(sitting_id: str, fence: int, turn: TurnRecord) -> None:
        await commit(sitting_id, fence, turn)
        if turn.number not in lost:
            lost.add(turn.number)
            raise RecordsUnavailable("the connection was cut")

    monkeypatch.setattr(hall.records, "commit_turn", cut)
    async with hall.holding(sitting) as examiner:
        await told(examiner, Started())
        for answer in ANSWERS:
            await told(examiner, answer)
    assert len(lost) == len(ANSWERS) + 1
    assert await numbers(hall, sitting.id) == list(range(len(ANSWERS) + 1))
    assert hall.checkpoints(sitting) == len(ANSWERS) + 1


# -- row 23 --


async def test_row_23_checkpoints_that_are_gone_are_replayed_from_the_record(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await told(examiner, Started())
        for answer in ANSWERS:
            await told(examiner, answer)
        left = examiner.state
    with closing(sqlite3.connect(hall.file)) as database:
        for table in engine.CHECKPOINT_TABLES["sqlite"]:
            database.execute(f"DROP TABLE {table}")
        database.commit()
    async with hall.holding(sitting) as examiner:
        assert examiner.state == left
        await told(examiner, "What was the question?")
    assert await numbers(hall, sitting.id) == list(range(len(ANSWERS) + 2))
    assert await hall.checkpointed(sitting) == examiner.state


async def test_row_23_a_database_of_zero_length_is_not_taken_for_a_new_one(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await told(examiner, Started())
    await hall.records.close()
    empty(hall.file)
    with pytest.raises(SchemaOutdated, match="no tables yet"):
        await Records.open(hall.url)


async def test_row_23_a_damaged_database_is_said_to_be_damaged(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.holding(sitting) as examiner:
        await told(examiner, Started())
        for answer in ANSWERS:
            await told(examiner, answer)
    await hall.records.close()
    damage(hall.file)
    with pytest.raises(RecordsDamaged, match="python -m records restore"):
        records = await Records.open(hall.url)
        try:
            await records.turns(sitting.id)
        finally:
            await records.close()


async def test_row_23_a_database_that_is_damaged_in_mid_exam_stops_it_at_once(hall: Hall) -> None:
    sitting = await hall.sitting()
    async with hall.examiner(sitting) as examiner:
        work = asyncio.create_task(examiner.run())
        await told(examiner, Started())
        await _break_tables(hall)
        turn = examiner.submit(StudentSpoke(text="I see a window."))
        with pytest.raises(RecordsDamaged):
            await turn.committed
        with pytest.raises(RecordsDamaged):
            await work


def empty(file: Path) -> None:
    for name in (f"{file.name}-wal", f"{file.name}-shm"):
        file.with_name(name).unlink(missing_ok=True)
    file.write_bytes(b"")


def damage(file: Path) -> None:
    """Everything behind the first page, where the schema is, is overwritten."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xa5" * (size - 4096))


async def _break_tables(hall: Hall) -> None:
    """The pages of the tables are overwritten in the file and in what the journal has of them."""
    await asyncio.to_thread(damage, hall.file)

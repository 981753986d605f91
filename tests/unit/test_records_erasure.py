"""What is deleted is gone, to the last byte of the file, and a line without names stays."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from records.__main__ import app
from records.engine import reading, writing
from records.erasure import CHECKPOINT_TABLES, delete_user, expired, purge, user_hash
from records.errors import SittingRuns
from records.model import AnswerRecord, Sitting, TurnRecord, UtteranceRecord
from records.overview import count_sittings
from records.schema import audit, drafts, metadata, sittings, turns
from records.store import Records

pytestmark = pytest.mark.unit

NOW = datetime.now(UTC)
SECRET = "chloroplast-and-nothing-else"
CONSENT = {"recording": False, "text_version": "1"}


async def held(records: Records, user: str, words: str, *, over: bool = True) -> Sitting:
    """An exam with one answer, as the worker leaves it."""
    invitation = await records.create_invitation(
        user_id=user, exam_id="cells", profile={}, attempts=1, expires_at=NOW + timedelta(days=1)
    )
    sitting, _ = await records.open_sitting(
        user_id=user, exam_id="cells", consent=CONSENT, profile={}, invitation=invitation.jti
    )
    lease = await records.claim(sitting.id, "worker")
    await records.commit_turn(
        sitting.id,
        lease.fence,
        TurnRecord(
            number=0,
            event={"type": "student_spoke", "text": words},
            understood=None,
            question_id="q1",
            answers_question=True,
            text=words,
            confidence=0.9,
            words=[{"word": words, "start_ms": 0, "end_ms": 9, "confidence": 0.9}],
            at=NOW,
            used_ms=0,
            utterances=[UtteranceRecord(0, "question", "Why?", "Why?", True, "q2")],
            answers=[AnswerRecord("q1", 1, "answered", value=words)],
            status="finished" if over else None,
        ),
    )
    await records.keep_draft(sitting.id, lease.fence, "q2", words)
    if over:
        await records.release(lease)
    return sitting


def keep_checkpoints(file: Path, sitting_id: str, words: str) -> None:
    """As LangGraph's saver does, on a connection of its own."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE IF NOT EXISTS checkpoints (thread_id TEXT, checkpoint BLOB)")
        database.execute("CREATE TABLE IF NOT EXISTS writes (thread_id TEXT, value BLOB)")
        for table in ("checkpoints", "writes"):
            row = (sitting_id, words.encode())
            database.execute(f"INSERT INTO {table} VALUES (?, ?)", row)
        database.commit()


async def rows(records: Records, table: Any) -> list[Any]:
    async with reading(records._engine) as connection:
        return list(await connection.execute(select(table)))


async def lines(records: Records) -> list[Any]:
    """What the audit says besides how this came to be: the paper published, students invited."""
    made = ("publish", "invite")
    return [row for row in await rows(records, audit) if row.action not in made]


async def audited(records: Records) -> list[tuple[str, str]]:
    return [(row.action, row.subject) for row in await lines(records)]


async def test_nothing_of_a_student_is_left_in_any_file(
    records: Records, url: str, database: Path
) -> None:
    own = await held(records, "ann@example.org", SECRET)
    other = await held(records, "bob@example.org", "ribosome")
    keep_checkpoints(database, own.id, SECRET)
    keep_checkpoints(database, other.id, "ribosome")
    await records.close()

    erased = await delete_user(url, "ann@example.org")

    assert erased.sittings == [own.id]
    assert {name: erased.rows[name] for name in ("turns", "drafts", "checkpoints", "writes")} == {
        "turns": 1,
        "drafts": 1,
        "checkpoints": 1,
        "writes": 1,
    }
    left = b"".join(each.read_bytes() for each in database.parent.glob("voxam.db*"))
    assert SECRET.encode() not in left
    assert b"ann@example.org" not in left
    assert b"ribosome" in left
    assert b"bob@example.org" in left


async def test_every_table_that_knows_a_sitting_is_emptied(records: Records, url: str) -> None:
    sitting = await held(records, "ann", SECRET)
    await delete_user(url, "ann")
    for table in metadata.sorted_tables:
        if "sitting_id" in table.c:
            kept = [row for row in await rows(records, table) if row.sitting_id == sitting.id]
            assert kept == [], table.name
    assert await records.sitting(sitting.id) is None
    named = [table.name for table in metadata.sorted_tables if "user_id" in table.c]
    assert sorted(named) == ["invitations", "sittings"], "a new table names students: delete it too"


async def test_a_line_without_names_stays(records: Records, url: str) -> None:
    sitting = await held(records, "ann@example.org", SECRET)
    await delete_user(url, "ann@example.org")
    (line,) = await lines(records)
    assert (line.action, line.subject) == ("delete", user_hash("ann@example.org"))
    assert line.detail["sittings"] == [sitting.id]
    assert line.detail["rows"]["turns"] == 1
    told = json.dumps(line.detail)
    assert "ann" not in told
    assert SECRET not in told


async def test_who_is_not_known_leaves_no_line(records: Records, url: str) -> None:
    assert (await delete_user(url, "nobody")).sittings == []
    assert await audited(records) == []


async def test_an_exam_under_way_is_refused_unless_forced(records: Records, url: str) -> None:
    sitting = await held(records, "ann", SECRET, over=False)
    with pytest.raises(SittingRuns, match="--force"):
        await delete_user(url, "ann")
    assert await records.sitting(sitting.id) is not None
    await delete_user(url, "ann", force=True)
    assert await records.sitting(sitting.id) is None
    assert await records.leases() == []


async def _age(records: Records, sitting: Sitting, days: int, *, ended: bool = True) -> None:
    then = NOW - timedelta(days=days)
    values: dict[str, Any] = {"created_at": then, "finished_at": then if ended else None}
    async with writing(records._engine) as connection:
        where = sittings.c.id == sitting.id
        await connection.execute(update(sittings).where(where).values(values))
        await connection.execute(
            update(turns).where(turns.c.sitting_id == sitting.id).values(at=then)
        )


async def test_only_what_ended_long_enough_ago_is_purged(records: Records, url: str) -> None:
    old, young = await held(records, "ann", SECRET), await held(records, "bob", "ribosome")
    await _age(records, old, days=31)
    await _age(records, young, days=29)
    assert await expired(url, 30) == [old.id]
    assert await records.sitting(old.id) is not None

    assert (await purge(url, 30)).sittings == [old.id]

    assert await records.sitting(old.id) is None
    assert await records.sitting(young.id) is not None
    assert ("purge", old.id) in await audited(records)
    assert young.id not in str(await audited(records))


async def test_what_never_ended_is_purged_too_unless_somebody_examines(
    records: Records, url: str
) -> None:
    left = await held(records, "ann", SECRET, over=False)
    examined = await held(records, "bob", SECRET, over=False)
    for sitting in (left, examined):
        await _age(records, sitting, days=90, ended=False)
    (lease,) = [each for each in await records.leases() if each.sitting_id == left.id]
    await records.break_lease(lease)
    assert (await purge(url, 30)).sittings == [left.id]


async def test_a_purge_of_many_goes_on_to_the_last(
    records: Records, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("records.erasure.BATCH", 2)
    for number in range(5):
        await _age(records, await held(records, f"user-{number}", SECRET), days=40)
    erased = await purge(url, 30)
    assert len(erased.sittings) == 5
    assert erased.rows["turns"] == 5
    assert await rows(records, drafts) == []


async def test_invitations_that_led_to_nothing_go_with_time(records: Records, url: str) -> None:
    unused = await records.create_invitation(
        user_id="ann",
        exam_id="cells",
        profile={},
        attempts=1,
        expires_at=NOW - timedelta(days=60),
    )
    assert (await purge(url, 30)).invitations == 1
    assert await records.invitation(unused.jti) is None
    assert ("purge", unused.jti) in await audited(records)


async def test_the_checkpoint_tables_are_those_that_langgraph_makes(tmp_path: Path) -> None:
    import aiosqlite
    from langgraph.checkpoint.postgres.base import BasePostgresSaver
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    async with aiosqlite.connect(tmp_path / "checkpoints.db") as connection:
        await AsyncSqliteSaver(connection).setup()
        found = await connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        made = {name for name, sql in await found.fetchall() if "thread_id" in sql}
    assert made <= set(CHECKPOINT_TABLES)
    for migration in BasePostgresSaver.MIGRATIONS:
        words = migration.split()
        if words[:2] == ["CREATE", "TABLE"] and "thread_id" in words:
            assert words[words.index("EXISTS") + 1] in CHECKPOINT_TABLES


async def test_consent_is_kept_with_the_version_of_its_text(records: Records) -> None:
    sitting = await held(records, "ann", SECRET)
    found = await records.sitting(sitting.id)
    assert found is not None
    assert found.consent == CONSENT


async def test_a_consent_that_changes_leaves_a_trace(records: Records) -> None:
    sitting = await held(records, "ann", SECRET, over=False)
    changed = {"recording": True, "text_version": "2"}
    for consent in (CONSENT, changed, changed):
        again, resumed = await records.open_sitting(
            user_id="ann",
            exam_id="cells",
            consent=consent,
            profile={},
            invitation=sitting.invitation,
        )
        assert resumed
    assert again.consent == changed
    (line,) = await lines(records)
    assert (line.action, line.subject) == ("consent", sitting.id)
    assert line.detail == {"from": CONSENT, "to": changed}


async def test_a_sitting_that_broke_off_counts_as_lost_after_an_hour(
    records: Records, url: str
) -> None:
    broken = await held(records, "ann", SECRET, over=False)
    await held(records, "bob", SECRET, over=False)
    await held(records, "eve", SECRET)
    counted = await count_sittings(url, NOW)
    assert (counted.held, counted.lost) == (2, 0)
    (lease,) = [each for each in await records.leases() if each.sitting_id == broken.id]
    await records.break_lease(lease)
    soon, later = NOW + timedelta(minutes=50), NOW + timedelta(minutes=70)
    assert (await count_sittings(url, soon)).lost == 0
    assert (await count_sittings(url, later)).lost == 1


async def test_a_purge_with_nothing_to_do_changes_nothing(records: Records, url: str) -> None:
    sitting = await held(records, "ann", SECRET)
    assert (await purge(url, 30)).rows == {"invitations": 0}
    assert await audited(records) == []
    assert await records.sitting(sitting.id) is not None


@pytest.fixture
def door(url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`python -m records`, as an operator types it."""
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.delenv("RETENTION_DAYS", raising=False)

    def run(*words: str, days: int | None = None) -> Result:
        env = {"RETENTION_DAYS": str(days)} if days else {}
        return CliRunner().invoke(app, words, env=env)

    return run


def _two_exams(url: str) -> tuple[Sitting, Sitting]:
    """One that ended 31 days ago, and one of today."""

    async def hold() -> tuple[Sitting, Sitting]:
        records = await Records.open(url)
        await records.publish_paper("cells", {"title": "Cells"}, "hash")
        old, young = await held(records, "ann", SECRET), await held(records, "bob", "ribosome")
        await _age(records, old, days=31)
        await records.close()
        return old, young

    return asyncio.run(hold())


def test_nothing_is_purged_where_no_time_is_set(url: str, door: Callable[..., Result]) -> None:
    done = door("purge")
    assert done.exit_code == 1
    assert "RETENTION_DAYS is not set" in done.stderr


def test_a_dry_run_shows_what_would_go_and_keeps_it(url: str, door: Callable[..., Result]) -> None:
    old, _ = _two_exams(url)
    for _ in range(2):
        assert json.loads(door("purge", "--dry-run", "--json", days=30).stdout) == {
            "sittings": [old.id]
        }
    assert door("purge", days=30).stdout == "Removed: sittings 1, turns 1, invitations 0.\n"


def test_a_student_is_deleted_at_the_door(url: str, door: Callable[..., Result]) -> None:
    _, young = _two_exams(url)
    done = json.loads(door("delete", "--user", "bob", "--json").stdout)
    assert done["sittings"] == [young.id]
    assert door("show", young.id).exit_code == 1

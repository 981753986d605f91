"""Whatever is changed of what was recorded, `verify` names it."""

import asyncio
import copy
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Column, Table, insert, update
from typer.testing import CliRunner

from records import chain, schema
from records import turns as commits
from records.__main__ import app
from records.engine import writing
from records.grading_store import GradingStore
from records.marking import Mark
from records.model import AnswerRecord, TurnRecord, UtteranceRecord
from records.recordings import RecordingStore
from records.sound_files import SoundFiles
from records.store import Records
from records.verifying import verify_sitting
from tests.stand_ins.sound import sound

pytestmark = pytest.mark.unit

NOW = datetime.now(UTC)

#: What is tied in, and the columns of it that change while nothing is amiss.
TIED: dict[Table, tuple[str, ...]] = {
    schema.sittings: ("fence",),
    schema.turns: (),
    schema.utterances: (),
    schema.answers: (),
    schema.gradings: ("fence", "holder", "beat"),
    schema.marks: (),
    schema.overrides: (),
    schema.corrections: (),
    schema.releases: (),
    schema.appeals: (),
    schema.segments: (),
    schema.recordings: (),
    schema.links: (),
}


@dataclass
class Graded:
    """A sitting with all that may hang on one."""

    records: Records
    file: Path
    sitting_id: str
    recordings_url: str

    async def broken(self) -> list[str]:
        found = await verify_sitting(self.records, self.sitting_id, self.recordings_url)
        return found.broken


@pytest.fixture
async def graded(url: str, database: Path, tmp_path: Path) -> AsyncIterator[Graded]:
    records = await Records.open(url)
    await records.publish_paper("cells", {"title": "Cells"}, "hash")
    sitting, _ = await records.open_sitting(
        user_id="ada",
        exam_id="cells",
        consent={"recording": True, "text_version": "1"},
        profile={"speech_rate": 1.0},
        invitation=None,
    )
    sound_url = f"file:{tmp_path}/sound"
    await _examine(records, sitting.id, SoundFiles(sound_url))
    await _mark(url, sitting.id)
    await _judge(records, sitting.id)
    yield Graded(records, database, sitting.id, sound_url)
    await records.close()


async def _examine(records: Records, sitting_id: str, files: SoundFiles) -> None:
    store = RecordingStore(records.engine)
    lease = await records.claim(sitting_id, "worker")
    segment = await store.begin_segment(sitting_id, lease.fence)
    files.write(f"{segment.path}/000000.ogg", sound(0.2))
    for number in range(2):
        said = [UtteranceRecord(each, "ask", "Why?", "Why?", True, "q1") for each in range(2)]
        turn = TurnRecord(
            number=number,
            event={"type": "student_spoke", "text": "ATP"},
            understood={"intent": "answer"},
            question_id="q1",
            answers_question=True,
            text="It makes ATP.",
            confidence=0.9,
            words=[{"word": "ATP", "start_ms": 0, "end_ms": 9, "confidence": 0.9}],
            at=NOW,
            used_ms=1000 * number,
            utterances=said,
            answers=[AnswerRecord("q1", 1, "answered", covered=["atp"], value="A")],
            flags=["off_topic"],
            status="finished" if number else None,
            segment=lease.fence,
            offset_ms=100,
        )
        await records.commit_turn(sitting_id, lease.fence, turn)
    await records.note_heard(
        *(sitting_id, lease.fence, 0, 0), started_at=NOW, heard_ms=900, whole=True
    )
    await records.release(lease)
    assert await store.join(sitting_id, files) is not None


async def _mark(url: str, sitting_id: str) -> None:
    store = await GradingStore.open(url)
    for version in range(2):
        if version:
            await store.ask_for(sitting_id, "asked_again", by="teacher")
        claimed = await store.claim("grader")
        assert claimed is not None
        mark = Mark(
            question_id="q1",
            position=1,
            state="graded",
            marks=2.0,
            out_of=4.0,
            spread=1.0,
            provisional=False,
            points=[{"id": "atp", "marks": 2.0, "quotes": [{"text": "ATP", "turn": 0}]}],
            flags=["graders_disagree"],
            graders=[{"name": "one", "marks": 2.0}],
            paper_hash="hash",
            answer_hash="0" * 64,
        )
        await store.finish(claimed[1], [mark], [], provisional=False, settings={"models": ["m"]})
    await store.close()


async def _judge(records: Records, sitting_id: str) -> None:
    own: dict[str, Any] = {"sitting_id": sitting_id, "teacher": "meitner", "at": NOW}
    judged: list[tuple[Table, chain.Kind, dict[str, Any]]] = [
        (
            schema.overrides,
            "override",
            own | {"question_id": "q1", "old_marks": 2.0, "new_marks": 3.0, "reason": "Heard."},
        ),
        (
            schema.corrections,
            "correction",
            own | {"turn": 0, "old_text": "a", "new_text": "b", "reason": "Misheard."},
        ),
        (schema.releases, "release", own | {"action": "released"}),
        (
            schema.appeals,
            "appeal",
            own | {"question_id": "q1", "text": "Please look again.", "state": "open"},
        ),
    ]
    async with writing(records.engine) as connection:
        await commits.hold(connection, sitting_id)
        for table, kind, values in judged:
            done = await connection.execute(insert(table).values(values))
            assert done.inserted_primary_key is not None
            await chain.add(connection, sitting_id, kind, done.inserted_primary_key[0])
        await connection.execute(update(schema.sittings).values(released_at=NOW))


async def test_what_nobody_touched_is_good(graded: Graded) -> None:
    assert await graded.broken() == []


async def test_every_value_that_is_changed_is_named(graded: Graded) -> None:
    """Each value of the first and the last row: none may be changed unnoticed."""
    unnoticed, changed = [], 0
    with closing(sqlite3.connect(graded.file, isolation_level=None)) as raw:
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("PRAGMA ignore_check_constraints = ON")
        for table, column, row, old in _values(raw):
            name = f'UPDATE "{table.name}" SET "{column.name}" = ? WHERE rowid = ?'
            raw.execute(name, (_other(column, old), row))
            if not await graded.broken():
                unnoticed.append(f"{table.name}.{column.name}: {old!r}")
            raw.execute(name, (old, row))
            changed += 1
    assert unnoticed == []
    assert changed > 120
    assert await graded.broken() == [], "all was put back"


async def test_every_row_that_is_gone_is_named(graded: Graded) -> None:
    unnoticed = []
    with closing(sqlite3.connect(graded.file, isolation_level=None)) as raw:
        raw.execute("PRAGMA foreign_keys = OFF")
        for table in TIED:
            if table is schema.sittings:
                continue
            columns = ", ".join(f'"{column.name}"' for column in table.c)
            for row in raw.execute(f"SELECT rowid, {columns} FROM {table.name}").fetchall():
                raw.execute(f"DELETE FROM {table.name} WHERE rowid = ?", row[:1])
                if not await graded.broken():
                    unnoticed.append(f"{table.name} {row[:3]}")
                marks = ", ".join("?" for _ in row)
                raw.execute(f"INSERT INTO {table.name} (rowid, {columns}) VALUES ({marks})", row)
    assert unnoticed == []


def _values(raw: sqlite3.Connection) -> Iterator[tuple[Table, Column[Any], int, Any]]:
    for table, without in TIED.items():
        rows = [row for (row,) in raw.execute(f"SELECT rowid FROM {table.name}")]
        assert rows, f"there is no row of {table.name} to change"
        for row in sorted({rows[0], rows[-1]}):
            for column in table.c:
                # A number of a row that is another's name for itself.
                if column.name in without or (
                    column.name == "id" and column.primary_key and str(column.type) == "INTEGER"
                ):
                    continue
                wanted = f'SELECT "{column.name}" FROM {table.name} WHERE rowid = ?'
                yield table, column, row, raw.execute(wanted, (row,)).fetchone()[0]


def _other(column: Column[Any], old: Any) -> Any:
    """Another value that the column may hold, as unlike as one byte makes it."""
    if isinstance(column.type, JSON):
        return json.dumps(_changed(json.loads(old)) if old is not None else {"x": 1})
    if isinstance(column.type, Boolean):
        return 1 - (old or 0)
    if old is None:
        if isinstance(column.type, schema.UtcDateTime):
            return "2026-01-01 00:00:00.000000"
        return {str: "x", int: 1, float: 0.5}[column.type.python_type]
    if isinstance(old, str):
        if isinstance(column.type, schema.UtcDateTime):
            return old[:-1] + ("1" if old[-1] != "1" else "2")
        return old[:-1] + chr(ord(old[-1]) ^ 1) if old else "x"
    return old + (1000 if isinstance(old, int) else 0.25)


def _changed(value: Any) -> Any:
    """The same, but for one leaf."""
    value = copy.deepcopy(value)
    if isinstance(value, dict):
        for name in value:
            return value | {name: _changed(value[name])}
        return {"x": 1}
    if isinstance(value, list):
        return [_changed(value[0]), *value[1:]] if value else ["x"]
    if isinstance(value, bool) or value is None:
        return not value
    return value + ("x" if isinstance(value, str) else 1)


async def test_the_door_names_the_first_broken_link(
    graded: Graded, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("RECORDINGS_URL", graded.recordings_url)
    code, told = await _door("verify", graded.sitting_id)
    assert (code, "is as it was recorded" in told) == (0, True)
    with closing(sqlite3.connect(graded.file)) as raw:
        raw.execute("UPDATE turns SET text = 'It makes DNA.' WHERE number = 1")
        raw.execute("UPDATE marks SET marks = 4")
        raw.commit()
    code, told = await _door("verify", graded.sitting_id)
    assert code == 1
    assert "turn 1 was changed" in told
    code, told = await _door("verify", "--all", "--json")
    (found,) = json.loads(told)
    assert (code, found["result"], len(found["broken"])) == (1, "broken", 3)
    monkeypatch.setenv("RECORDINGS_URL", "")
    assert (await _door("verify", graded.sitting_id))[0] == 1


async def test_what_cannot_be_checked_is_not_called_good(
    graded: Graded, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("RECORDINGS_URL", "")
    code, told = await _door("verify", graded.sitting_id)
    assert (code, "cannot be checked" in told) == (2, True)
    with closing(sqlite3.connect(graded.file)) as raw:
        raw.execute("DELETE FROM links")
        raw.commit()
    code, told = await _door("verify", graded.sitting_id)
    assert (code, "before there was a chain" in told) == (2, True)
    assert (await _door("verify"))[0] == 1


async def _door(*words: str) -> tuple[int, str]:
    result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
    return result.exit_code, result.output

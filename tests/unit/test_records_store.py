"""The records on a real SQLite file: opening sittings, committing turns, many at once."""

import asyncio
import re
import shutil
import sqlite3
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.exc import IntegrityError

from records.engine import SYNC_DRIVERS, reading, writing
from records.errors import (
    ConsentRequired,
    ExamFinished,
    InvitationExpired,
    InvitationInvalid,
    InvitationRevoked,
    InvitationUsed,
    RecordsUnavailable,
    SchemaOutdated,
    SittingOver,
    StaleFence,
    TurnExists,
    UnknownExam,
    UnknownSitting,
    UnknownUtterance,
)
from records.migrate import _config, migrate
from records.model import (
    AnswerRecord,
    AnswerView,
    Revision,
    Sitting,
    TurnRecord,
    UtteranceRecord,
)
from records.schema import metadata, papers
from records.store import Records
from tests.takeover import take_over

pytestmark = pytest.mark.unit

PAPER = {"id": "cells", "title": "Cells", "recording": "optional", "questions": []}
CONSENT = {"recording": False, "text_version": "1"}
NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

# One sitting with one answer, as revision 0001 kept them.
OLD_ROWS = """
INSERT INTO sittings VALUES ('s1', 'ann', 'cells', 'room', '{}', 'hash', '{}', '{}', 1, 'open', 0,
    '[]', NULL, '2026-03-01 12:00:00', NULL, NULL);
INSERT INTO turns VALUES ('s1', 0, '{"type": "student_spoke"}', NULL, 'q1', 1, 'energy', NULL,
    '[]', '2026-03-01 12:00:00', 0, '[{"question_id": "q1", "position": 1, "status": "open",
    "covered": [], "probes": [], "flags": []}]', '[]', NULL, 0);
INSERT INTO utterances VALUES ('s1', 0, 0, 'question', 'Why?', 'Why?', 1, 'q2', NULL, NULL, NULL);
INSERT INTO answers VALUES ('s1', 'q1', 1, 'open', '[]', '[]', '[]');
"""


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "voxam.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def database(empty_database: Path, tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "voxam.db"
    shutil.copy(empty_database, file)
    yield file


@pytest.fixture
def url(database: Path) -> str:
    return f"sqlite:///{database}"


@pytest.fixture
async def records(url: str) -> AsyncIterator[Records]:
    records = await Records.open(url)
    await records.publish_paper("cells", PAPER, "hash-1")
    yield records
    await records.close()


async def open_sitting(records: Records, user: str = "ann", **changes: Any) -> tuple[Sitting, bool]:
    arguments: dict[str, Any] = {
        "user_id": user,
        "exam_id": "cells",
        "consent": CONSENT,
        "profile": {},
        "invitation": None,
    }
    return await records.open_sitting(**(arguments | changes))


async def invite(records: Records, attempts: int = 1, days: float = 1, user: str = "ann") -> str:
    invitation = await records.create_invitation(
        user_id=user,
        exam_id="cells",
        profile={"typed": True},
        attempts=attempts,
        expires_at=datetime.now(UTC) + timedelta(days=days),
    )
    return invitation.jti


def turn(number: int, **changes: Any) -> TurnRecord:
    return replace(
        TurnRecord(
            number=number,
            event={"type": "student_spoke"},
            understood=None,
            question_id="q1",
            answers_question=True,
            text=f"words {number}",
            confidence=0.9,
            words=[{"word": "words", "start_ms": 0, "end_ms": 300, "confidence": 0.9}],
            at=NOW,
            used_ms=1000,
            utterances=[
                UtteranceRecord(0, "acknowledge", "Thank you.", "Thank you.", True, None),
                UtteranceRecord(1, "question", "Why?", "Why?", True, "q2"),
            ],
            answers=[AnswerRecord("q1", 1, "open")],
        ),
        **changes,
    )


async def count(records: Records, table: str) -> int:
    async with reading(records._engine) as connection:
        found = await connection.execute(text(f"SELECT count(*) FROM {table}"))
        return int(found.scalar_one())


def _bare(tables: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """The words of each table's SQL; their order and quotes differ after a change of the table."""
    return [(name, sorted(re.sub('[",]', " ", sql).split())) for name, sql in tables]


async def finish(records: Records, sitting: Sitting) -> None:
    fence = await take_over(records, sitting.id)
    number = len(await records.turns(sitting.id))
    await records.commit_turn(sitting.id, fence, turn(number, status="finished"))


class TestSchema:
    async def test_refuses_a_database_that_is_not_there(self, tmp_path: Path) -> None:
        file = tmp_path / "none.db"
        with pytest.raises(SchemaOutdated, match="run python -m records migrate"):
            await Records.open(f"sqlite:///{file}")
        assert not file.exists()

    async def test_refuses_an_empty_database(self, tmp_path: Path) -> None:
        (tmp_path / "empty.db").touch()
        with pytest.raises(SchemaOutdated, match="no tables yet"):
            await Records.open(f"sqlite:///{tmp_path / 'empty.db'}")

    async def test_refuses_an_older_schema(self, database: Path) -> None:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '0000'")
            connection.commit()
        with pytest.raises(SchemaOutdated, match="revision 0000"):
            await Records.open(f"sqlite:///{database}")

    async def test_refuses_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        file = tmp_path / "text.db"
        file.write_text("not a database, but long enough to be read as one" * 50)
        with pytest.raises(RecordsUnavailable, match="not a database"):
            await Records.open(f"sqlite:///{file}")

    @pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:"])
    async def test_refuses_an_address_without_a_database(self, url: str) -> None:
        with pytest.raises(RecordsUnavailable, match="DATABASE_URL"):
            await Records.open(url)

    def test_migrating_again_changes_nothing(self, database: Path) -> None:
        before = database.read_bytes()
        migrate(f"sqlite:///{database}")
        assert database.read_bytes() == before

    def test_there_and_back_with_rows(self, tmp_path: Path) -> None:
        """A database of the first revision keeps its rows and its rules on the way up and down."""
        file = tmp_path / "old.db"
        config = _config()
        config.attributes["url"] = make_url(f"sqlite:///{file}")
        command.upgrade(config, "0001")
        sql = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name"
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(OLD_ROWS)
            before = connection.execute(sql).fetchall()
            rows = connection.execute("SELECT * FROM turns").fetchall()
        migrate(f"sqlite:///{file}")

        async def read() -> tuple[list[TurnRecord], list[AnswerView]]:
            records = await Records.open(f"sqlite:///{file}")
            fence = await take_over(records, "s1")
            await records.commit_turn("s1", fence, turn(1, revises=True))
            told = await records.turns("s1"), await records.answers("s1")
            await records.close()
            return told

        turns, (answer,) = asyncio.run(read())
        assert [each.revises for each in turns] == [False, True]
        assert (answer.text, answer.value) == ("energy", None)
        assert [revision.text for revision in answer.revisions] == ["words 1"]
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("DELETE FROM utterances")
            connection.execute("DELETE FROM turns WHERE number = 1")
            connection.commit()
        command.downgrade(config, "0001")
        with closing(sqlite3.connect(file)) as connection:
            after = connection.execute(sql).fetchall()
            assert _bare(after) == _bare(before)
            assert connection.execute("SELECT * FROM turns").fetchall() == rows

    async def test_the_journal_is_a_wal_and_commits_are_synced(self, records: Records) -> None:
        async with reading(records._engine) as connection:
            values = [
                (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            ]
        assert values == ["wal", 2, 1, 5000]


def test_the_migrations_make_the_tables_of_the_schema(url: str) -> None:
    parsed = make_url(url)
    engine = create_engine(parsed.set(drivername=SYNC_DRIVERS[parsed.get_backend_name()]))
    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()
    assert difference == []


async def test_reading_sees_one_state(records: Records) -> None:
    async with reading(records._engine) as connection:
        before = await connection.execute(select(papers.c.hash))
        assert before.scalars().all() == ["hash-1"]
        await records.publish_paper("cells", PAPER, "hash-2")
        meanwhile = await connection.execute(select(papers.c.hash))
        assert meanwhile.scalars().all() == ["hash-1"]
    published = await records.paper("cells")
    assert published is not None
    assert published.hash == "hash-2"


class TestPapers:
    async def test_publishing_again_replaces(self, records: Records) -> None:
        await records.publish_paper("cells", PAPER | {"title": "New"}, "hash-2")
        await records.publish_paper("atoms", PAPER, "hash-3")
        assert [paper.exam_id for paper in await records.papers()] == ["atoms", "cells"]
        paper = await records.paper("cells")
        assert paper is not None
        assert (paper.content["title"], paper.hash) == ("New", "hash-2")
        assert paper.published_at.tzinfo is UTC
        assert await records.paper("none") is None

    async def test_many_publish_one_for_the_first_time_at_once(self, records: Records) -> None:
        await asyncio.gather(
            *(records.publish_paper("atoms", PAPER, f"hash-{n}") for n in range(10))
        )
        assert [paper.exam_id for paper in await records.papers()] == ["atoms", "cells"]


class TestOpening:
    async def test_freezes_paper_profile_and_consent(self, records: Records) -> None:
        sitting, resumed = await open_sitting(records, profile={"typed": True})
        assert not resumed
        await records.publish_paper("cells", PAPER | {"title": "Changed"}, "hash-2")
        again, resumed = await open_sitting(records, profile={"typed": False})
        assert resumed
        assert again == sitting
        assert await records.sitting(sitting.id) == sitting
        assert (sitting.paper, sitting.paper_hash) == (PAPER, "hash-1")
        assert (sitting.profile, sitting.consent) == ({"typed": True}, CONSENT)
        assert (sitting.status, sitting.fence, sitting.flags) == ("open", 0, [])
        assert 0 <= sitting.seed < 2**63

    @pytest.mark.parametrize(
        ("user", "part"),
        [
            ("Ann.Lee+1@school.example", "ann-lee-1-school-example"),
            ("@@@", "student"),
            ("x" * 128, "x" * 40),
            ("a" * 39 + "--b", "a" * 39),
        ],
    )
    async def test_the_room_name_is_safe(self, records: Records, user: str, part: str) -> None:
        sitting, _ = await open_sitting(records, user)
        name, _, suffix = sitting.room_name.rpartition("-")
        assert name == f"exam-{part}"
        assert len(suffix) == 8
        assert set(suffix) <= set("0123456789abcdef")

    async def test_unknown_exam(self, records: Records) -> None:
        with pytest.raises(UnknownExam):
            await open_sitting(records, exam_id="none")
        assert await count(records, "sittings") == 0

    async def test_a_finished_exam_is_not_begun_again(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        await finish(records, sitting)
        with pytest.raises(ExamFinished):
            await open_sitting(records)

    async def test_a_paper_that_must_be_recorded(self, records: Records) -> None:
        await records.publish_paper("cells", PAPER | {"recording": "required"}, "hash-2")
        jti = await invite(records)
        with pytest.raises(ConsentRequired):
            await open_sitting(records, invitation=jti)
        assert await count(records, "sittings") == 0
        invitation = await records.invitation(jti)
        assert invitation is not None
        assert invitation.used == 0
        agreed = CONSENT | {"recording": True}
        sitting, _ = await open_sitting(records, invitation=jti, consent=agreed)
        with pytest.raises(ConsentRequired):
            await open_sitting(records, invitation=jti)
        assert (await records.sitting(sitting.id)) == sitting

    async def test_the_latest_consent_holds(self, records: Records) -> None:
        await open_sitting(records, consent=CONSENT | {"recording": True})
        sitting, resumed = await open_sitting(records, consent=CONSENT)
        assert resumed
        assert sitting.consent == CONSENT
        assert await records.sitting(sitting.id) == sitting

    async def test_many_at_once_get_one_sitting(self, records: Records) -> None:
        opened = await asyncio.gather(*(open_sitting(records) for _ in range(20)))
        assert len({sitting.id for sitting, _ in opened}) == 1
        assert [resumed for _, resumed in opened].count(False) == 1
        assert await count(records, "sittings") == 1

    async def test_the_database_itself_refuses_a_second_open_sitting(
        self, records: Records
    ) -> None:
        await open_sitting(records)
        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            async with writing(records._engine) as connection:
                await connection.execute(
                    text(
                        "INSERT INTO sittings SELECT 'other', user_id, exam_id, 'room', paper,"
                        " paper_hash, profile, consent, seed, 'running', fence, flags, invitation,"
                        " created_at, started_at, finished_at, released_at FROM sittings"
                    )
                )

    async def test_lists_the_newest_first_and_finds_by_prefix(self, records: Records) -> None:
        ids = [(await open_sitting(records, user))[0].id for user in ("ann", "bob", "cy")]
        assert [sitting.id for sitting in await records.sittings()] == ids[::-1]
        assert [sitting.id for sitting in await records.sittings(1, 1)] == [ids[1]]
        assert [sitting.id for sitting in await records.sittings_like(ids[0][:20])] == [ids[0]]
        assert await records.sittings_like("%") == []


class TestInvitations:
    async def test_each_new_sitting_uses_up_an_attempt(self, records: Records) -> None:
        jti = await invite(records, attempts=2)
        for _ in range(2):
            sitting, resumed = await open_sitting(records, invitation=jti)
            assert not resumed
            assert (await open_sitting(records, invitation=jti))[1]
            await finish(records, sitting)
        with pytest.raises(InvitationUsed):
            await open_sitting(records, invitation=jti)

    async def test_many_at_once_never_use_more_attempts(self, records: Records) -> None:
        jti = await invite(records, attempts=3)
        # Other users, so that every call wants a sitting of its own.
        results = await asyncio.gather(
            *(open_sitting(records, f"user-{n}", invitation=jti) for n in range(20)),
            return_exceptions=True,
        )
        refused = [result for result in results if isinstance(result, InvitationUsed)]
        assert len(refused) == 17
        assert await count(records, "sittings") == 3

    async def test_an_expired_one_only_leads_back(self, records: Records) -> None:
        expired = await invite(records, days=-1)
        with pytest.raises(InvitationExpired):
            await open_sitting(records, invitation=expired)
        assert await count(records, "sittings") == 0
        sitting, _ = await open_sitting(records, invitation=await invite(records))
        assert await open_sitting(records, invitation=expired) == (sitting, True)

    async def test_resume_only(self, records: Records) -> None:
        jti = await invite(records)
        with pytest.raises(InvitationExpired):
            await open_sitting(records, invitation=jti, resume_only=True)
        sitting, _ = await open_sitting(records, invitation=jti)
        assert await open_sitting(records, invitation=jti, resume_only=True) == (sitting, True)

    async def test_a_revoked_one_does_not_even_lead_back(self, records: Records) -> None:
        jti = await invite(records)
        await open_sitting(records, invitation=jti)
        await records.revoke_invitation(jti)
        with pytest.raises(InvitationRevoked):
            await open_sitting(records, invitation=jti)

    async def test_an_unknown_one(self, records: Records) -> None:
        with pytest.raises(InvitationInvalid):
            await open_sitting(records, invitation="0" * 32)
        with pytest.raises(InvitationInvalid):
            await records.revoke_invitation("0" * 32)


class TestTurns:
    async def test_come_back_as_they_were_written(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        fence = await take_over(records, sitting.id)
        first = turn(
            0,
            event={"type": "started"},
            text="",
            confidence=None,
            words=[],
            answers_question=False,
            question_id=None,
            answers=[],
        )
        second = turn(
            1, understood={"kind": "answer", "points": ["atp"]}, flags=["late"], clears_draft=True
        )
        await records.commit_turn(sitting.id, fence, first)
        await records.commit_turn(sitting.id, fence, second)
        assert await records.turns(sitting.id) == [first, second]
        assert await records.turns(sitting.id, after=0) == [second]
        assert await records.turns(sitting.id, after=1) == []

    async def test_answers_are_updated_in_place(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        fence = await take_over(records, sitting.id)
        done = AnswerRecord("q1", 1, "answered", ["atp"], ["atp"], ["probe_missed"], "36 ATP")
        for number, said in enumerate(
            [
                turn(0, text="It makes", answers=[AnswerRecord("q1", 1, "open")]),
                turn(1, text="say that again", answers_question=False, answers=[]),
                turn(2, text="energy.", answers=[done, AnswerRecord("q2", 2, "open")]),
            ]
        ):
            assert said.number == number
            await records.commit_turn(sitting.id, fence, said)
        first, second = await records.answers(sitting.id)
        assert first.text == "It makes energy."
        assert (first.status, first.covered, first.probes) == ("answered", ["atp"], ["atp"])
        assert (first.flags, second.question_id) == (["probe_missed"], "q2")
        assert (first.value, first.original_value, first.revisions) == ("36 ATP", "36 ATP", [])
        assert (second.text, second.status, second.value) == ("", "open", None)

    async def test_a_revision_stands_beside_the_original(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        fence = await take_over(records, sitting.id)
        at = [NOW + timedelta(seconds=10 * number) for number in range(5)]
        chosen = AnswerRecord("q1", 1, "answered", value="B")
        changed = replace(chosen, value="C")
        for said in [
            turn(0, text="It is", at=at[0], answers=[AnswerRecord("q1", 1, "open")]),
            turn(1, text="B.", at=at[1], answers=[chosen]),
            turn(2, text="Wings", question_id="q2", answers=[AnswerRecord("q2", 2, "open")]),
            turn(3, text="C, not B.", at=at[3], revises=True, answers=[changed]),
            turn(4, text="and a beak.", question_id="q2", at=at[4], answers=[]),
        ]:
            await records.commit_turn(sitting.id, fence, said)
        first, second = await records.answers(sitting.id)
        assert (first.text, first.original_value, first.value) == ("It is B.", "B", "C")
        assert (first.first_at, first.last_at) == (at[0], at[1])
        assert first.revisions == [Revision("C, not B.", at[3], "C")]
        assert (second.text, second.revisions) == ("Wings and a beak.", [])
        assert second.last_at == at[4]

    async def test_a_turn_is_written_once(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        fence = await take_over(records, sitting.id)
        results = await asyncio.gather(
            *(records.commit_turn(sitting.id, fence, turn(0, flags=[f"{n}"])) for n in range(10)),
            return_exceptions=True,
        )
        assert results.count(None) == 1
        assert sum(isinstance(result, TurnExists) for result in results) == 9
        assert (await count(records, "turns"), await count(records, "utterances")) == (1, 2)
        written = await records.sitting(sitting.id)
        assert written is not None
        assert len(written.flags) == 1

    async def test_the_same_turn_again_changes_nothing(self, records: Records) -> None:
        """Where a commit's answer was lost on the way, it is tried again."""
        sitting, _ = await open_sitting(records)
        fence = await take_over(records, sitting.id)
        said = turn(0, flags=["late"], clears_draft=True)
        await records.commit_turn(sitting.id, fence, said)
        await records.keep_draft(sitting.id, fence, "q1", "and")
        await records.commit_turn(sitting.id, fence, said)
        assert await records.turns(sitting.id) == [said]
        assert await records.draft(sitting.id) is not None
        with pytest.raises(TurnExists):
            await records.commit_turn(sitting.id, fence, replace(said, text="other words"))
        await take_over(records, sitting.id)
        with pytest.raises(StaleFence):
            await records.commit_turn(sitting.id, fence, said)

    async def test_an_error_does_not_quote_what_the_student_said(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        fence = await take_over(records, sitting.id)
        wrong = AnswerRecord("q1", 1, "lost", value="a secret")  # type: ignore[arg-type]
        with pytest.raises(IntegrityError) as caught:
            await records.commit_turn(sitting.id, fence, turn(0, answers=[wrong]))
        told = "".join(traceback.format_exception(caught.value))
        assert "answers" in told
        assert "a secret" not in told

    async def test_a_stale_fence_writes_nothing(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        stale = await take_over(records, sitting.id)
        await records.commit_turn(sitting.id, stale, turn(0))
        await records.keep_draft(sitting.id, stale, "q1", "and then")
        fence = await take_over(records, sitting.id)
        assert fence > stale
        before = await records.sitting(sitting.id)
        late = turn(1, flags=["x"], status="finished", clears_draft=True)
        for write in (
            records.commit_turn(sitting.id, stale, late),
            records.keep_draft(sitting.id, stale, "q1", "other"),
            records.note_heard(sitting.id, stale, 0, 0, started_at=NOW, heard_ms=1, whole=True),
        ):
            with pytest.raises(StaleFence):
                await write
        assert await records.turns(sitting.id) == [turn(0)]
        assert await records.sitting(sitting.id) == before
        draft = await records.draft(sitting.id)
        assert draft is not None
        assert draft.text == "and then"

    async def test_a_failed_commit_writes_nothing(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        fence = await take_over(records, sitting.id)
        utterance = turn(0).utterances[0]
        with pytest.raises(IntegrityError, match=r"(?i)unique"):
            await records.commit_turn(sitting.id, fence, turn(0, utterances=[utterance, utterance]))
        assert (await count(records, "turns"), await count(records, "answers")) == (0, 0)

    async def test_status_and_flags_go_to_the_sitting(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        fence = await take_over(records, sitting.id)
        running = await records.sitting(sitting.id)
        assert running is not None
        assert running.status == "running"
        assert running.started_at is not None
        await records.commit_turn(sitting.id, fence, turn(0, flags=["a", "a"]))
        await records.commit_turn(sitting.id, fence, turn(1, flags=["b", "a"], status="finished"))
        over = await records.sitting(sitting.id)
        assert over is not None
        assert (over.flags, over.status, over.finished_at) == (["a", "b"], "finished", NOW)
        with pytest.raises(SittingOver):
            await take_over(records, sitting.id)
        assert await records.sitting(sitting.id) == replace(over, fence=over.fence + 1)

    async def test_what_was_heard(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        fence = await take_over(records, sitting.id)
        await records.commit_turn(sitting.id, fence, turn(0))
        await records.note_heard(sitting.id, fence, 0, 1, started_at=NOW, heard_ms=840, whole=False)
        (written,) = await records.turns(sitting.id)
        untouched, heard = written.utterances
        assert (untouched.started_at, untouched.heard_ms, untouched.whole) == (None, None, None)
        assert (heard.started_at, heard.heard_ms, heard.whole) == (NOW, 840, False)
        with pytest.raises(UnknownUtterance):
            await records.note_heard(
                sitting.id, fence, 0, 7, started_at=NOW, heard_ms=1, whole=True
            )

    async def test_drafts(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        fence = await take_over(records, sitting.id)
        assert await records.draft(sitting.id) is None
        await records.keep_draft(sitting.id, fence, None, "one")
        await records.keep_draft(sitting.id, fence, "q1", "one two")
        draft = await records.draft(sitting.id)
        assert draft is not None
        assert (draft.question_id, draft.text) == ("q1", "one two")
        await records.commit_turn(sitting.id, fence, turn(0))
        assert await records.draft(sitting.id) is not None
        await records.commit_turn(sitting.id, fence, turn(1, clears_draft=True))
        assert await records.draft(sitting.id) is None

    async def test_an_unknown_sitting(self, records: Records) -> None:
        with pytest.raises(UnknownSitting):
            await records.claim("none", "test")
        with pytest.raises(UnknownSitting):
            await records.commit_turn("none", 1, turn(0))
        assert await records.sitting("none") is None

    async def test_a_time_without_a_zone_is_refused(self, records: Records) -> None:
        sitting, _ = await open_sitting(records)
        fence = await take_over(records, sitting.id)
        with pytest.raises(Exception, match="without a zone"):
            await records.commit_turn(sitting.id, fence, turn(0, at=NOW.replace(tzinfo=None)))

    async def test_two_sittings_at_once_do_not_mix(self, records: Records) -> None:
        async def take(user: str) -> list[str]:
            sitting, _ = await open_sitting(records, user)
            fence = await take_over(records, sitting.id)
            for number in range(5):
                said = turn(number, text=f"{user} {number}", utterances=[])
                await records.commit_turn(sitting.id, fence, said)
            return [written.text for written in await records.turns(sitting.id)]

        users = ("ann", "bob", "cy", "dee")
        taken = await asyncio.gather(*(take(user) for user in users))
        assert taken == [[f"{user} {number}" for number in range(5)] for user in users]


async def test_a_locked_database_is_waited_for(records: Records, database: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(open_sitting(records))
        # Reading is not held up by somebody who writes.
        assert await records.sittings() == []
        assert not waiting.done()
        other.execute("COMMIT")
        sitting, _ = await waiting
    assert [found.id for found in await records.sittings()] == [sitting.id]


async def test_a_database_that_stays_locked_is_unavailable(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("records.engine.BUSY_TIMEOUT_MS", 50)
    records = await Records.open(f"sqlite:///{database}")
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(RecordsUnavailable, match="locked"):
            await records.publish_paper("cells", {"id": "cells"}, "hash")
    await records.close()

"""`python -m records`, as an operator types it."""

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from records.__main__ import app
from records.invitations import verify
from records.migrate import migrate
from records.model import AnswerRecord, TurnRecord, UtteranceRecord
from records.profile import Profile
from records.store import Records

pytestmark = pytest.mark.unit

SECRET = "s" * 40
START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
PAPER = {"title": "Cells", "questions": [{"id": "atp", "ask": "Where does the energy end up?"}]}

Run = Callable[..., Result]


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'inner' / 'voxam.db'}"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("INVITATION_SECRET", SECRET)
    monkeypatch.setenv("PUBLIC_URL", "https://exams.example/")
    # Not where the project lies: the migrations must be found all the same.
    monkeypatch.chdir(tmp_path)
    return url


@pytest.fixture
def run(url: str) -> Run:
    return lambda *words: CliRunner().invoke(app, words, env={"COLUMNS": "100"})


@pytest.fixture(scope="module")
def with_papers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "voxam.db"
    migrate(f"sqlite:///{file}")

    async def publish() -> None:
        records = await Records.open(f"sqlite:///{file}")
        await records.publish_paper("cells", PAPER, "hash-1")
        await records.publish_paper("atoms", PAPER, "hash-2")
        await records.close()

    asyncio.run(publish())
    return file


@pytest.fixture
def published(with_papers: Path, tmp_path: Path, url: str) -> None:
    (tmp_path / "inner").mkdir()
    shutil.copy(with_papers, tmp_path / "inner" / "voxam.db")


def hold_exam(url: str, user: str = "ann") -> str:
    """A short exam: greeting, one answer that was cut off, the end."""

    async def hold() -> str:
        records = await Records.open(url)
        sitting, _ = await records.open_sitting(
            user_id=user, exam_id="cells", consent={}, profile={}, invitation=None
        )
        fence = (await records.claim(sitting.id, "test")).fence
        question = UtteranceRecord(
            0, "question", "Where does [b]the[/b] energy end up?", "…", True, "atp"
        )
        asked = _turn(0, {"type": "started"}, "", [question], [])
        answered = _turn(
            1,
            {"type": "student_spoke"},
            "In ATP.\x1b[31m",
            [UtteranceRecord(0, "close", "Thank you. Goodbye.", "…", True, None)],
            [AnswerRecord("atp", 0, "answered", ["atp"], [], ["late"])],
            status="finished",
        )
        await records.commit_turn(sitting.id, fence, asked)
        await records.commit_turn(sitting.id, fence, answered)
        await records.note_heard(
            sitting.id, fence, 0, 0, started_at=START, heard_ms=840, whole=False
        )
        await records.close()
        return sitting.id

    return asyncio.run(hold())


def hold_revised_exam(url: str) -> None:
    """An answer in two turns, another one in its place, a button."""

    async def hold() -> None:
        records = await Records.open(url)
        sitting, _ = await records.open_sitting(
            user_id="ann", exam_id="cells", consent={}, profile={"typed": True}, invitation=None
        )
        fence = (await records.claim(sitting.id, "test")).fence
        typed = {"type": "student_spoke", "typed": True}
        before, after = (AnswerRecord("atp", 0, "answered", value=value) for value in "BC")
        for turn in (
            _turn(0, typed, "It is", [], []),
            _turn(1, typed, "B", [], [before]),
            replace(_turn(2, typed, "C, not B.", [], [after]), revises=True),
            _turn(3, {"type": "command", "name": "skip"}, "", [], []),
        ):
            await records.commit_turn(sitting.id, fence, turn)
        await records.close()

    asyncio.run(hold())


def open_sittings(url: str, number: int) -> list[str]:
    async def open_all() -> list[str]:
        records = await Records.open(url)
        opened = [
            await records.open_sitting(
                user_id=f"user-{n}", exam_id="cells", consent={}, profile={}, invitation=None
            )
            for n in range(number)
        ]
        await records.close()
        return [sitting.id for sitting, _ in opened]

    return asyncio.run(open_all())


def _turn(
    number: int,
    event: dict[str, Any],
    text: str,
    utterances: list[UtteranceRecord],
    answers: list[AnswerRecord],
    **more: Any,
) -> TurnRecord:
    return TurnRecord(
        number=number,
        event=event,
        understood=None,
        question_id="atp",
        answers_question=bool(text),
        text=text,
        confidence=None,
        words=[],
        at=START + timedelta(seconds=10 * number),
        used_ms=0,
        utterances=utterances,
        answers=answers,
        **more,
    )


@pytest.mark.usefixtures("published")
class TestInvite:
    def test_prints_a_link(self, run: Run) -> None:
        result = run("invite", "--user", "ann@x.example", "--exam", "cells")
        assert result.exit_code == 0
        link = result.stdout.removeprefix("Student link: ").strip()
        address, _, token = link.partition("#invitation=")
        assert address == "https://exams.example/"
        assert len(verify(token, SECRET)) == 32

    def test_keeps_what_was_asked_for(self, run: Run, url: str) -> None:
        words = ("--attempts", "3", "--days", "2", "--profile", '{"typed": true}', "--json")
        more = ("--profile", "extra_time_percent=25", "--profile", "captions=large")
        result = run("invite", "--user", "ann", "--exam", "cells", *words, *more)
        made = json.loads(result.stdout)
        assert made.keys() == {"link", "invitation", "jti", "expires_at"}
        assert verify(made["invitation"], SECRET) == made["jti"]

        async def read() -> Any:
            records = await Records.open(url)
            try:
                return await records.invitation(made["jti"])
            finally:
                await records.close()

        invitation = asyncio.run(read())
        assert (invitation.user_id, invitation.exam_id) == ("ann", "cells")
        assert (invitation.attempts, invitation.used) == (3, 0)
        assert invitation.profile == {
            "typed": True,
            "extra_time_percent": 25,
            "captions": "large",
        }
        assert invitation.expires_at == datetime.fromisoformat(made["expires_at"])
        assert timedelta(days=1.9) < invitation.expires_at - datetime.now(UTC) < timedelta(days=2)

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("ann", "none"), "No exam 'none' is published. Published: atoms, cells."),
            (("../ann", "cells"), "A user is named by 1 to 128 of"),
            (("ann", "cells", "--profile", "{"), "--profile is not JSON."),
            (("ann", "cells", "--profile", "[]"), "--profile takes name=value."),
            (("ann", "cells", "--profile", "typed"), "--profile takes name=value."),
            (("ann", "cells", "--profile", '{"typed": 1}'), "--profile typed: Input should"),
            (("ann", "cells", "--profile", "typed=yes"), "--profile typed: Input should"),
            (("ann", "cells", "--profile", "breaks=11"), "--profile breaks: Input should"),
            (
                ("ann", "cells", "--profile", "more\x1b=1"),
                "--profile: there is no field 'more\\x1b'. There are: extra_time_percent, ",
            ),
            (
                ("ann", "cells", "--profile", "typed=true", "--profile", '{"typed": true}'),
                "--profile: 'typed' is given twice.",
            ),
        ],
    )
    def test_refuses(self, run: Run, words: tuple[str, ...], sentence: str) -> None:
        user, exam, *more = words
        result = run("invite", "--user", user, "--exam", exam, *more)
        assert result.exit_code == 1
        assert result.stderr.startswith(sentence)
        assert result.stdout == ""

    def test_help_lists_the_fields_of_a_profile(self, run: Run) -> None:
        shown = " ".join(run("invite", "--help").stdout.split())
        assert "extra_time_percent (0 to 300, default 0): more time, in percent" in shown
        assert "break_minutes (above 0, up to 60, default 5): length of each break" in shown
        assert "captions (off, normal or large, default normal)" in shown
        assert all(f" {name} (" in shown for name in Profile.model_fields)

    @pytest.mark.parametrize(("secret", "fault"), [(None, "is not set"), ("short", "is too short")])
    def test_needs_a_secret(
        self, run: Run, secret: str | None, fault: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("INVITATION_SECRET")
        if secret:
            monkeypatch.setenv("INVITATION_SECRET", secret)
        result = run("invite", "--user", "ann", "--exam", "cells")
        assert result.exit_code == 1
        assert f"INVITATION_SECRET {fault}" in result.stderr


@pytest.mark.usefixtures("published")
class TestShow:
    def test_a_transcript_for_people(self, run: Run, url: str) -> None:
        sitting = hold_exam(url)
        result = run("show", sitting[:8])
        assert result.exit_code == 0
        lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
        cut = "examiner Where does [b]the[/b] energy end up? [cut off after 0.8 s]"
        assert f"12:00:00.000 {cut}" in lines
        assert "12:00:10.000 student In ATP.[31m" in lines
        assert "examiner Thank you. Goodbye." in lines
        assert "Question 1 Where does the energy end up?" in lines
        assert "answer In ATP.[31m [12:00:10.000]" in lines
        assert {"status answered", "flags late", "covered atp"} <= set(lines)
        assert "\x1b" not in result.stdout

    def test_a_revision_stands_beside_the_original(self, run: Run, url: str) -> None:
        hold_revised_exam(url)
        result = run("show", "latest")
        lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
        assert "12:00:20.000 student C, not B. [typed] [changes the answer to question 1]" in lines
        at = lines.index("answer It is B [12:00:00.000 to 12:00:10.000]")
        assert lines[at + 1 : at + 4] == ["value B", "revised C, not B. [12:00:20.000]", "value C"]
        assert "12:00:30.000 event button skip" in lines
        (answer,) = json.loads(run("show", "latest", "--json").stdout)["answers"]
        assert (answer["text"], answer["original_value"], answer["value"]) == ("It is B", "B", "C")
        (revision,) = answer["revisions"]
        assert revision["text"] == "C, not B."
        assert revision["at"] == (START + timedelta(seconds=20)).isoformat()

    def test_json_for_programs(self, run: Run, url: str) -> None:
        sitting = hold_exam(url)
        shown = json.loads(run("show", "latest", "--json").stdout)
        assert shown["sitting"]["id"] == sitting
        assert shown["sitting"]["status"] == "finished"
        assert [turn["text"] for turn in shown["turns"]] == ["", "In ATP.\x1b[31m"]
        assert shown["turns"][0]["utterances"][0]["started_at"] == START.isoformat()
        assert shown["answers"][0]["flags"] == ["late"]

    def test_latest_is_the_newest(self, run: Run, url: str) -> None:
        hold_exam(url)
        newest = hold_exam(url, "bob")
        assert json.loads(run("show", "latest", "--json").stdout)["sitting"]["id"] == newest

    def test_refuses_an_unknown_or_doubtful_name(self, run: Run, url: str) -> None:
        assert "There are no sittings yet." in run("show", "latest").stderr
        # 17 ids begin with 16 hex digits at most.
        first = [sitting[0] for sitting in open_sittings(url, 17)]
        shared = next(digit for digit in first if first.count(digit) > 1)
        for name, sentence in {
            "zzz": "There is no sitting 'zzz'.",
            "": "There is no sitting ''.",
            shared: "More than one sitting begins with",
        }.items():
            result = run("show", name)
            assert result.exit_code == 1
            assert result.stderr.startswith(sentence)


@pytest.mark.usefixtures("published")
def test_list(run: Run, url: str) -> None:
    assert "No sittings yet." in run("list").stdout
    sitting = hold_exam(url)
    assert sitting[:12] in run("list").stdout
    (listed,) = json.loads(run("list", "--json").stdout)
    assert (listed["id"], listed["status"]) == (sitting, "finished")
    assert "paper" not in listed


@pytest.mark.parametrize(
    "words", [("list",), ("show", "latest"), ("invite", "--user", "ann", "--exam", "cells")]
)
def test_a_database_that_was_not_migrated(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 1
    assert "run python -m records migrate" in result.stderr


def test_migrate_makes_the_folder_and_the_database(run: Run, tmp_path: Path) -> None:
    for _ in range(2):
        result = run("migrate")
        assert (result.exit_code, result.stdout) == (0, "The database is at revision 0004.\n")
    assert (tmp_path / "inner" / "voxam.db").is_file()


def test_a_database_that_cannot_be_made(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////proc/none/voxam.db")
    result = run("migrate")
    assert result.exit_code == 1
    assert result.stderr.startswith("The database cannot be used")

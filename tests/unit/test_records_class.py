"""A class invited from a list: what is read of it, what is wrong with it, and the links."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from typer.testing import CliRunner, Result

from records import audit, schema
from records.__main__ import app
from records.class_invitations import (
    invite_again,
    invite_class,
    links_csv,
    list_invitations,
    revoke,
    state_of,
)
from records.class_list import MAX_BYTES, MAX_STUDENTS, Invited, read_class
from records.engine import open_engine, reading, writing
from records.errors import InvitationInvalid, UnknownExam
from records.invitations import verify
from records.model import Invitation
from records.naming import USER_ID
from records.store import Records

pytestmark = pytest.mark.unit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "s" * 40


def read(text: str | bytes) -> list[str]:
    """What is wrong."""
    data = text.encode() if isinstance(text, str) else text
    return [str(wrong) for wrong in read_class(data, NOW).wrong]


def test_a_list_says_who_how_often_how_long_and_how() -> None:
    text = (
        "user_id;attempts;expires;extra_time_percent;typed\r\n"
        "ann@school.example;2;2026-06-30;25;yes\r\n\r\nbob;;2026-04-01T10:00+02:00;;\r\ncy;;;;no\r\n"
    )
    listed = read_class(text.encode("utf-8-sig"), NOW)
    assert not listed.wrong
    assert listed.students == [
        Invited(
            2,
            "ann@school.example",
            2,
            datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC),
            {"extra_time_percent": 25, "typed": True},
        ),
        Invited(4, "bob", 1, datetime(2026, 4, 1, 8, tzinfo=UTC), {}),
        Invited(5, "cy", 1, NOW + timedelta(days=7), {"typed": False}),
    ]


@pytest.mark.parametrize("head", ["user_id", "User ID", "e-mail", "student"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_whatever_the_spreadsheet_wrote_it_with(head: str, encoding: str) -> None:
    (student,) = read_class(f"{head}\nann\n".encode(encoding), NOW).students
    assert (student.user_id, student.line) == ("ann", 2)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("", "line 1: the file is empty"),
        ("name\nann\n", "line 1: the first line has to name the columns"),
        ("user_id,colour\nann,red\n", "line 1: there is no column 'colour'; there are user_id,"),
        ("user_id,user_id\nann,bob\n", "line 1: the column 'user_id' is there twice"),
        ("user_id\n", "line 1: the list names nobody"),
        ("user_id\nann\nDörte Müller\n", "line 3: 'Dörte Müller' names no student"),
        ("user_id,attempts\n,2\n", "line 2: '' names no student"),
        ("user_id\nann\n\nann\n", "line 4: ann is there twice (line 2 too)"),
        ("user_id,attempts\nann,0\n", "line 2: attempts is '0'; it has to be from 1 to 20"),
        ("user_id,attempts\nann,two\n", "line 2: attempts is 'two'"),
        ("user_id,attempts\nann,²\n", "line 2: attempts is '²'"),
        ("user_id,expires\nann,30.6.2026\n", "line 2: expires is '30.6.2026'; write it as"),
        ("user_id,expires\nann,2026-02-28\n", "line 2: expires is 2026-02-28, which is past"),
        ("user_id,expires\nann,9999-12-31T23:59-09:00\n", "line 2: expires is"),
        ("user_id,typed\nann,perhaps\n", "line 2: typed: Input should be a valid boolean"),
        ("user_id,breaks\nann,11\n", "line 2: breaks: Input should be less than or equal to 10"),
        ("user_id\nann,bob\n", "line 2: there are 2 cells for 1 columns"),
        ('user_id,attempts\nann,"1\n', "line 1: the cells of line 2 cannot be told apart"),
        ("user_id\n" + "ann\n" * (MAX_STUDENTS + 1), f"there are more than {MAX_STUDENTS}"),
        ("user_id\n" + "a" * MAX_BYTES, "line 1: the file has more than 1024 KB"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, wrong: str) -> None:
    assert wrong in read(text)[0]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert len(read("user_id,attempts\nann,0\nbob,1\n?,1\n")) == 2


@given(st.binary(max_size=200) | st.text(max_size=120).map(lambda text: f"user_id,{text}".encode()))
def test_whatever_the_bytes_there_is_a_list_or_a_sentence(data: bytes) -> None:
    listed = read_class(data, NOW)
    assert listed.students or listed.wrong
    assert all(USER_ID.fullmatch(each.user_id) for each in listed.students)


@pytest.mark.parametrize(
    ("used", "hours", "revoked", "state"),
    [
        (0, 1, None, "open"),
        (1, 1, None, "begun"),
        (2, 1, None, "used"),
        (0, -1, None, "expired"),
        (2, -1, None, "used"),
        (0, 1, NOW, "revoked"),
    ],
)
def test_an_invitation_stands_as_it_was_used(
    used: int, hours: int, revoked: datetime | None, state: str
) -> None:
    until = NOW + timedelta(hours=hours)
    invitation = Invitation("j", "ann", "cells", {}, 2, used, NOW, until, revoked)
    assert state_of(invitation, NOW) == state


async def test_a_class_is_invited_whole_and_each_withdrawn_or_made_again_alone(
    records: Records, url: str
) -> None:
    engine = open_engine(url)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    students = [
        Invited(2, "ann", 2, until, {"typed": True}),
        Invited(3, "-bob", 1, until, {}),
    ]
    async with writing(engine) as connection:
        made = await invite_class(connection, "cells", students, "eve")
    with pytest.raises(UnknownExam):
        async with writing(engine) as connection:
            await invite_class(connection, "none", students)
    rows = list(csv.DictReader(io.StringIO(links_csv(made, "https://exams.example/", SECRET))))
    assert [row["user_id"] for row in rows] == ["ann", "'-bob"]
    token = rows[0]["link"].removeprefix("https://exams.example/#invitation=")
    assert verify(token, SECRET) == made[0].jti == rows[0]["invitation"]

    async with writing(engine) as connection:
        with pytest.raises(InvitationInvalid):
            await revoke(connection, "other", made[0].jti)
        await revoke(connection, "cells", made[0].jti)
        again = await invite_again(connection, "cells", made[1].jti, 3)
    async with reading(engine) as connection:
        listed = await list_invitations(connection, "cells", datetime.now(UTC))
    assert [(each.invitation.jti, each.state) for each in listed] == [
        (again.jti, "open"),
        (made[1].jti, "revoked"),
        (made[0].jti, "revoked"),
    ]
    assert (again.user_id, again.attempts, again.used) == ("-bob", 1, 0)
    assert again.expires_at > until
    async with reading(engine) as connection:
        acts = await audit.read(connection, 10, "cells")
    await engine.dispose()
    assert [(each.action, each.detail) for each in reversed(acts)] == [
        ("publish", {"hash": "hash"}),
        ("invite", {"students": 2, "teacher": "eve"}),
        ("revoke", {"invitation": made[0].jti}),
        ("revoke", {"invitation": made[1].jti}),
        ("invite", {"students": 1}),
    ]


async def test_a_withdrawn_invitation_keeps_its_time(records: Records, url: str) -> None:
    engine = open_engine(url)
    async with writing(engine) as connection:
        (made,) = await invite_class(connection, "cells", [Invited(2, "ann", 1, NOW, {})])
        await connection.execute(update(schema.invitations).values(revoked_at=NOW))
        await revoke(connection, "cells", made.jti)
    kept = await records.invitation(made.jti)
    assert kept and kept.revoked_at == NOW
    await engine.dispose()


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("INVITATION_SECRET", SECRET)
    return lambda *words: CliRunner().invoke(app, ["invite-class", *words])


def test_the_door_invites_all_or_nobody(
    run: Callable[..., Result], records: Records, tmp_path: Path
) -> None:
    good, bad, out = tmp_path / "good.csv", tmp_path / "bad.csv", tmp_path / "links.csv"
    good.write_text("user_id\nann\nbob\n")
    bad.write_text("user_id\nann\n?\n")
    refused = run(str(bad), "--exam", "cells")
    assert refused.exit_code == 1 and f"{bad}:3: '?' names no student" in refused.stderr
    assert run(str(tmp_path / "none.csv"), "--exam", "cells").exit_code == 1
    looked = run(str(good), "--exam", "cells", "--check")
    assert (looked.exit_code, looked.stdout) == (0, "2 students can be invited.\n")
    unknown = run(str(good), "--exam", "none")
    assert unknown.exit_code == 1 and "publish its paper first" in unknown.stderr
    done = run(str(good), "--exam", "cells", "--out", str(out))
    assert done.exit_code == 0 and "2 students are invited to cells." in done.stderr
    assert len(out.read_text().splitlines()) == 3 and out.stat().st_mode & 0o777 == 0o600
    assert run(str(good), "--exam", "cells", "--out", str(out)).exit_code == 1

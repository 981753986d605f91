"""Who sees a result: the student whose it is, by a good link, once it is released."""

import asyncio
import itertools
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import jwt
import pytest
from starlette.testclient import TestClient

from desk.result_session import COOKIE
from records.desk_store import DeskStore
from records.invitations import AUDIENCE
from records.store import Records
from tests import cohort
from tests.desk import SECRET, Visitor, add_teachers, new_database, served, settings
from tests.results import StudentAtResult, invite, on_desk

pytestmark = pytest.mark.flow

SEEN = list(itertools.product(("ann", "bob"), ("cells", "plants")))
#: Marks as they stand nowhere else on the page.
MARKS = {"ann": 1.25, "bob": 2.75}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = new_database(tmp_path_factory.mktemp("results"))
    add_teachers(database, root=None)
    return database


@pytest.fixture(scope="module")
def sat(database: Path) -> dict[tuple[str, str], str]:
    """A marked sitting of each student and exam; all but eve's are released."""
    url = f"sqlite:///{database}"
    there: dict[tuple[str, str], str] = {}
    for exam in ("cells", "plants"):
        paper = cohort.PAPER | {"id": exam}
        users = asyncio.run(cohort.sit(url, "ann", "bob", "eve", paper=paper))
        there |= {(user, exam): sitting for user, sitting in users.items()}
    given = {
        sitting: (cohort.mark("q1", MARKS.get(user, 1.25)), cohort.mark("q2", 0))
        for (user, _), sitting in there.items()
    }
    asyncio.run(cohort.grade(url, given))
    for (user, _), sitting in there.items():
        if user != "eve":
            on_desk(database, partial(DeskStore.release, sitting_id=sitting, teacher="root"))
    return there


@pytest.fixture(scope="module")
def client(database: Path, sat: dict[tuple[str, str], str]) -> Iterator[TestClient]:
    with served(settings(database)) as client:
        yield client


@pytest.fixture
def student(client: TestClient) -> StudentAtResult:
    client.cookies.clear()
    return StudentAtResult(client)


def _appeals(database: Path) -> int:
    async def count(store: DeskStore) -> int:
        (root,) = await store.teachers()
        return len(await store.appeals(root))

    found: int = on_desk(database, count)
    return found


@pytest.mark.parametrize(("who", "whose"), list(itertools.product(SEEN, SEEN)))
def test_each_student_sees_their_own_and_no_other(
    student: StudentAtResult,
    database: Path,
    sat: dict[tuple[str, str], str],
    who: tuple[str, str],
    whose: tuple[str, str],
) -> None:
    assert student.enter(invite(database, *who)).status_code == 204
    answer = student.get(f"/result/view/{sat[whose]}")
    if who == whose:
        assert answer.status_code == 200
        assert f"{MARKS[who[0]]} of 3" in answer.text
        return
    assert answer.status_code == 404
    assert str(MARKS[whose[0]]) not in answer.text
    student.get(f"/result/view/{sat[who]}")
    before = _appeals(database)
    assert student.appeal(sat[whose], "Mine is better.", "q1").status_code == 404
    assert _appeals(database) == before


def test_a_sitting_that_is_not_there_looks_like_one_of_another(
    student: StudentAtResult, database: Path, sat: dict[tuple[str, str], str]
) -> None:
    student.enter(invite(database, "ann"))
    others = student.get(f"/result/view/{sat['bob', 'cells']}")
    nobodys = student.get("/result/view/" + "0" * 32)
    assert (others.status_code, others.text) == (nobodys.status_code, nobodys.text)


def test_nothing_of_the_marks_is_told_before_release(
    student: StudentAtResult, database: Path, sat: dict[tuple[str, str], str]
) -> None:
    student.enter(invite(database, "eve"))
    answer = student.get()
    assert answer.status_code == 200
    assert "has not released" in answer.text
    assert "1.25" not in answer.text
    assert "mitochondrion" not in answer.text
    assert student.appeal(sat["eve", "cells"], "Please.").status_code == 409


def test_a_result_that_was_taken_back_is_gone(
    student: StudentAtResult, database: Path, sat: dict[tuple[str, str], str]
) -> None:
    sitting = sat["bob", "plants"]
    student.enter(invite(database, "bob", "plants"))
    on_desk(database, lambda store: store.withdraw(sitting, "root"))
    try:
        assert "2.75" not in student.get().text
    finally:
        on_desk(database, lambda store: store.release(sitting, "root"))
    assert "2.75" in student.get().text


def test_neither_teachers_nor_students_get_in_by_the_others_door(
    client: TestClient, student: StudentAtResult, database: Path, sat: dict[tuple[str, str], str]
) -> None:
    own = f"/result/view/{sat['ann', 'cells']}"
    teacher = Visitor(client)
    teacher.sign_in("root")
    assert teacher.get(f"/sittings/{sat['ann', 'cells']}").status_code == 200
    assert client.get(own).status_code == 401
    student.enter(invite(database, "ann"))
    assert student.get(own).status_code == 200
    for path in ("/", f"/sittings/{sat['ann', 'cells']}", "/appeals", "/exams"):
        answer = client.get(path, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path


def test_links_that_are_none(student: StudentAtResult, database: Path) -> None:
    claims = {"aud": AUDIENCE, "exp": datetime.now(UTC) + timedelta(days=1), "jti": "f" * 32}
    good = invite(database, "ann")
    head, body, signature = good.split(".")
    for token in (
        invite(database, "ann", secret="x" * 40),
        invite(database, "ann", revoked=True),
        jwt.encode(claims, SECRET, algorithm="HS256"),
        jwt.encode(claims | {"aud": "voxam-desk"}, SECRET, algorithm="HS256"),
        f"{head}.{body}.{signature[:-4]}AAAA",
        "no token",
    ):
        answer = student.enter(token)
        assert answer.status_code == 404, token
        assert COOKIE not in student.client.cookies
        assert student.get().status_code == 401
    for other in (None, 7, "", "x" * 4000, ["a"]):
        assert student.enter(other).status_code == 400


def test_who_only_guesses_has_to_wait_and_holds_up_nobody_else(database: Path) -> None:
    with served(settings(database)) as client:
        student = StudentAtResult(client)
        answers = [student.enter("guessed").status_code for _ in range(12)]
        assert answers == [404] * 10 + [429] * 2
        assert student.enter(invite(database, "ann")).status_code == 204


def test_an_expired_link_still_shows_the_result(
    student: StudentAtResult, database: Path, sat: dict[tuple[str, str], str]
) -> None:
    assert student.enter(invite(database, "ann", days=-30)).status_code == 204
    assert "1.25" in student.get().text


def test_an_invitation_withdrawn_meanwhile_shows_nothing_more(
    student: StudentAtResult, database: Path, sat: dict[tuple[str, str], str]
) -> None:
    token = invite(database, "ann")
    student.enter(token)
    assert "1.25" in student.get().text
    jti = jwt.decode(token, options={"verify_signature": False})["jti"]

    async def revoke() -> None:
        records = await Records.open(f"sqlite:///{database}")
        await records.revoke_invitation(jti)
        await records.close()

    asyncio.run(revoke())
    answer = student.get()
    assert answer.status_code == 401
    assert "1.25" not in answer.text


def test_the_cookie_is_for_these_pages_and_no_script_and_holds_no_link(
    student: StudentAtResult, database: Path
) -> None:
    token = invite(database, "ann")
    kept = student.enter(token).headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "Path=/result" in kept
    assert re.search("samesite=strict", kept, re.IGNORECASE)
    assert token not in kept
    value = student.client.cookies[COOKIE]
    student.client.cookies.set(COOKIE, value[:-2] + "xx", path="/result")
    student.client.cookies.delete(COOKIE, domain="127.0.0.1", path="/result")
    assert student.get().status_code == 401


def test_a_form_counts_only_from_the_students_own_page(
    student: StudentAtResult, database: Path, sat: dict[tuple[str, str], str]
) -> None:
    sitting = sat["ann", "plants"]
    student.enter(invite(database, "bob", "plants"))
    student.get()
    another = student.csrf
    student.enter(invite(database, "ann", "plants"))
    student.get()
    before = _appeals(database)
    for csrf in ("", "é", another):
        assert student.appeal(sitting, "Please.", csrf=csrf).status_code == 403
    foreign = student.client.post(
        f"/result/view/{sitting}/appeals",
        data={"csrf": student.csrf, "text": "Please."},
        headers={"origin": "https://elsewhere.example", "sec-fetch-site": "cross-site"},
    )
    assert foreign.status_code == 403
    assert _appeals(database) == before
    assert student.appeal(sitting, "Please.").status_code == 200
    assert _appeals(database) == before + 1


def test_a_body_has_a_greatest_length(student: StudentAtResult, database: Path) -> None:
    answer = student.client.post("/result/session", content=b'{"invitation": "' + b"x" * 40_000)
    assert answer.status_code == 413


def test_no_link_and_no_word_is_logged(
    student: StudentAtResult, database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = invite(database, "ann")
    with caplog.at_level(logging.DEBUG):
        student.enter(token)
        student.get()
        student.enter("forged")
    own = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    assert not [text for text in own if token in text or "ATP" in text]

"""Who sees and does what at the desk: every teacher, every exam, every student's sitting."""

import asyncio
import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from desk.app import PAGES
from desk.session import COOKIE
from records.desk_store import DeskStore
from tests import cohort
from tests.desk import PASSWORD, Visitor, add_teachers, new_database, served, settings

pytestmark = pytest.mark.flow

TEACHERS: dict[str, list[str] | None] = {
    "eve": ["cells"],
    "tom": ["plants"],
    "both": ["cells", "plants"],
    "none": [],
    "root": None,
}
#: Forms of who is signed in already, or not yet.
PUBLIC = {"/sign-in", "/sign-out"}
#: Students have a key of their own: test_result_access.py.
STUDENTS = "/result"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = new_database(tmp_path_factory.mktemp("desk"))
    add_teachers(database, **TEACHERS)
    return database


@pytest.fixture(scope="module")
def sat(database: Path) -> dict[tuple[str, str], str]:
    """A marked sitting of each exam and student, by both."""
    url = f"sqlite:///{database}"
    there: dict[tuple[str, str], str] = {}
    for exam, paper in (("cells", cohort.PAPER), ("plants", cohort.PAPER | {"id": "plants"})):
        users = asyncio.run(cohort.sit(url, "ann", "bob", paper=paper))
        there |= {(exam, user): sitting for user, sitting in users.items()}
    marks = (cohort.mark("q1", 2), cohort.mark("q2", 1))
    asyncio.run(cohort.grade(url, dict.fromkeys(there.values(), marks)))
    # The first appeal, number 1 of the address in the tests.
    asyncio.run(cohort.appeal(url, there["cells", "ann"], "I said it."))
    return there


@pytest.fixture(scope="module")
def client(database: Path, sat: dict[tuple[str, str], str]) -> Iterator[TestClient]:
    with served(settings(database)) as client:
        yield client


@pytest.fixture
def visitor(client: TestClient) -> Visitor:
    client.cookies.clear()
    return Visitor(client)


@pytest.fixture(scope="module")
def enter(client: TestClient) -> Callable[[Visitor, str], None]:
    """Be that teacher, who signs in once: a password takes its time, on purpose."""
    cookies: dict[str, str] = {}

    def enter(visitor: Visitor, name: str) -> None:
        client.cookies.clear()
        if name not in cookies:
            visitor.sign_in(name)
            cookies[name] = client.cookies[COOKIE]
        client.cookies.set(COOKIE, cookies[name])
        visitor.get("/appeals")

    return enter


def _routes() -> list[tuple[str, str]]:
    """Every page and form: method and path."""
    found = []
    for each in PAGES:
        for route in each.routes:
            assert isinstance(route, Route)
            if not route.path.startswith(STUDENTS):
                methods = (route.methods or set()) - {"HEAD"}
                found += [(method, route.path) for method in methods]
    return sorted(set(found))


def _protected(method: str) -> list[str]:
    return [path for each, path in _routes() if each == method and path not in PUBLIC]


def _filled(path: str, exam: str, sitting: str) -> str:
    path = path.replace("{sitting_id}", sitting).replace("{exam_id}", exam)
    path = path.replace("{format}", "csv")
    return re.sub(r"\{[^}]+\}", "1", path)


def test_there_are_pages_and_forms_to_protect() -> None:
    assert len(_protected("GET")) >= 5
    assert len(_protected("POST")) >= 8


@pytest.mark.parametrize(("method", "path"), [r for r in _routes() if r[1] not in PUBLIC])
def test_nobody_gets_in_without_signing_in(
    visitor: Visitor, sat: dict[tuple[str, str], str], method: str, path: str
) -> None:
    filled = _filled(path, "cells", sat["cells", "ann"])
    answer = visitor.client.request(method, filled, follow_redirects=False)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/sign-in")


@pytest.mark.parametrize(
    ("name", "exam", "user"), list(itertools.product(TEACHERS, ("cells", "plants"), ("ann", "bob")))
)
def test_a_teacher_sees_own_exams_only(
    visitor: Visitor,
    enter: Callable[[Visitor, str], None],
    sat: dict[tuple[str, str], str],
    name: str,
    exam: str,
    user: str,
) -> None:
    enter(visitor, name)
    own = TEACHERS[name]
    may = own is None or exam in own
    sitting = sat[exam, user]
    assert (sitting in visitor.get("/").text) == may
    assert (sitting in visitor.get(f"/?exam={exam}").text) == may
    for path in _protected("GET"):
        if "{sitting_id}" in path or "{exam_id}" in path:
            status = visitor.get(_filled(path, exam, sitting)).status_code
            # Without sound there is none to play, and a plot is named by what it shows.
            assert status == (200 if may and not path.endswith((".svg", "/audio")) else 404), path
    for path in _protected("POST"):
        if not may and any(named in path for named in ("{sitting_id}", "{exam_id}")):
            assert visitor.post(_filled(path, exam, sitting)).status_code == 404, path


@pytest.mark.parametrize("path", [path for method, path in _routes() if method == "POST"])
def test_a_form_that_is_not_from_here_does_nothing(
    visitor: Visitor,
    enter: Callable[[Visitor, str], None],
    sat: dict[tuple[str, str], str],
    path: str,
) -> None:
    enter(visitor, "root")
    filled = _filled(path, "cells", sat["cells", "ann"])
    for fields in ({}, {"csrf": "guessed"}):
        assert visitor.client.post(filled, data=fields).status_code == 403
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        answer = visitor.client.post(filled, data={"csrf": visitor.token}, headers=headers)
        assert answer.status_code == 403
        assert answer.text == "This was sent from another site.\n"


def test_wrong_passwords_are_told_alike_and_soon_not_tried_any_more(database: Path) -> None:
    with served(settings(database)) as client:
        visitor = Visitor(client)
        unknown = visitor.sign_in("nobody", "wrong password")
        known = visitor.sign_in("tom", "wrong password")
        told = "No teacher has that name and password."
        assert (unknown.status_code, known.status_code) == (401, 401)
        assert told in unknown.text
        assert told in known.text
        statuses = [visitor.sign_in("tom", "wrong").status_code for _ in range(10)]
        assert statuses[-1] == 429


def test_a_sign_in_ends_when_the_teacher_is_disabled(database: Path) -> None:
    add_teachers(database, gone=["cells"])

    async def disable() -> None:
        store = await DeskStore.open(f"sqlite:///{database}")
        await store.change_teacher("gone", disabled=True)
        await store.close()

    with served(settings(database)) as client:
        visitor = Visitor(client)
        assert visitor.sign_in("gone").url.path == "/"
        asyncio.run(disable())
        assert visitor.get("/").url.path == "/sign-in"
        assert visitor.sign_in("gone", PASSWORD).status_code == 401


def test_signing_out_ends_it(database: Path) -> None:
    with served(settings(database)) as client:
        visitor = Visitor(client)
        visitor.sign_in("eve")
        visitor.get("/")
        assert visitor.post("/sign-out").url.path == "/sign-in"
        assert visitor.get("/").url.path == "/sign-in"


def test_pages_are_protected_by_headers_and_kept_by_nobody(visitor: Visitor) -> None:
    answer = visitor.get("/sign-in")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_what_a_student_says_is_text_and_no_markup(database: Path, tmp_path: Path) -> None:
    other = new_database(tmp_path)
    add_teachers(other, eve=["cells"])
    script = "<script>alert(1)</script>"
    url = f"sqlite:///{other}"
    sitting = asyncio.run(cohort.sit(url, "ann", said=script))["ann"]
    with served(settings(other)) as client:
        visitor = Visitor(client)
        visitor.sign_in("eve")
        page = visitor.get(f"/sittings/{sitting}").text
    assert script not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_an_appeal_is_answered_by_who_may_see_its_exam(
    visitor: Visitor, sat: dict[tuple[str, str], str]
) -> None:
    visitor.sign_in("tom")
    assert "I said it." not in visitor.get("/appeals").text
    assert visitor.post("/appeals/1", reply="No.").status_code == 404
    visitor.client.cookies.clear()
    visitor.sign_in("eve")
    assert "I said it." in visitor.get("/appeals").text
    assert visitor.post("/appeals/1", reply=" ").status_code == 409
    page = visitor.get("/appeals") and visitor.post("/appeals/1", reply="You are right.").text
    assert "You are right." in page
    visitor.get("/appeals")
    assert "answered already" in visitor.post("/appeals/1", reply="Twice.").text

"""What nobody sends by a page of the desk: odd numbers, too much, and cookies of one's own."""

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from desk.protection import MAX_BODY
from desk.session import COOKIE
from tests import cohort
from tests.desk import Visitor, add_teachers, new_database, served, settings

pytestmark = pytest.mark.flow

BIG, HUGE = "9" * 30, "9" * 5000


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = new_database(tmp_path_factory.mktemp("desk"))
    add_teachers(database, eve=["cells"])
    return database


@pytest.fixture(scope="module")
def sitting(database: Path) -> str:
    return asyncio.run(cohort.sit(f"sqlite:///{database}", "ann"))["ann"]


@pytest.fixture(scope="module")
def client(database: Path) -> Iterator[TestClient]:
    with served(settings(database)) as client:
        yield client


@pytest.fixture(scope="module")
def eve(client: TestClient, sitting: str) -> Visitor:
    visitor = Visitor(client)
    visitor.sign_in("eve")
    return visitor


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/?page={BIG}", 200),
        (f"/?page={HUGE}", 200),
        ("/?page=-1", 200),
        ("/?page=²", 200),
        ("/?text=%00&exam=%00", 200),
        ("/?text=%25_%5C", 200),
        ("/sittings/%00", 404),
        (f"/sittings/{HUGE}", 404),
        ("/sittings/{sitting}?version=" + HUGE, 200),
        ("/sittings/{sitting}?version=" + str(2**31 - 1), 404),
        ("/static/../app.py", 404),
        ("/static/%2e%2e/app.py", 404),
    ],
)
def test_an_address_that_no_page_holds_breaks_nothing(
    eve: Visitor, sitting: str, path: str, status: int
) -> None:
    assert eve.get(path.replace("{sitting}", sitting)).status_code == status


@pytest.mark.parametrize("number", [BIG, HUGE, "0", "-1", "x"])
def test_an_appeal_that_is_none_is_not_found(eve: Visitor, number: str) -> None:
    eve.get("/appeals")
    assert eve.post(f"/appeals/{number}", reply="Yes.").status_code == 404


def _pieces(before: bytes) -> Iterator[bytes]:
    """Sent in chunks, so that nobody knows how much is to come."""
    yield before
    for _ in range(MAX_BODY // 2**20 + 1):
        yield b"x" * 2**20


@pytest.mark.parametrize(
    ("kind", "before"),
    [
        ("application/x-www-form-urlencoded", b"name="),
        (
            "multipart/form-data; boundary=B",
            b'--B\r\ncontent-disposition: form-data; name="f"; filename="a"\r\n\r\n',
        ),
    ],
)
def test_too_much_is_refused_also_where_its_length_is_not_told(
    client: TestClient, kind: str, before: bytes
) -> None:
    taken = []

    def noted() -> Iterator[bytes]:
        for piece in _pieces(before):
            taken.append(len(piece))
            yield piece

    answer = client.post("/sign-in", content=noted(), headers={"content-type": kind})
    assert answer.status_code == 413
    # The client really sent it in pieces.
    assert len(taken) > 1
    told = client.post("/sign-in", content=b"x", headers={"content-length": str(MAX_BODY + 1)})
    assert told.status_code == 413


@pytest.mark.parametrize("content", [b"no form", b"--B\r\n"])
def test_what_is_no_form_is_refused(client: TestClient, content: bytes) -> None:
    headers = {"content-type": "multipart/form-data; boundary=B"}
    assert client.post("/sign-in", content=content, headers=headers).status_code in (400, 403)


def test_a_cookie_that_somebody_made_opens_nothing(
    database: Path, eve: Visitor, sitting: str
) -> None:
    with served(settings(database)) as stranger:
        kept = base64.b64encode(json.dumps({"teacher": "eve", "number": 0}).encode()).decode()
        for cookie in (kept, f"{kept}.x.y", "", "a.b.c"):
            stranger.cookies.set(COOKIE, cookie)
            answer = stranger.get(f"/sittings/{sitting}", follow_redirects=False)
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
            stranger.cookies.clear()
        # That of a teacher, with one character changed.
        good = eve.client.cookies.get(COOKIE)
        assert good is not None
        stranger.cookies.set(COOKIE, good)
        assert stranger.get(f"/sittings/{sitting}", follow_redirects=False).status_code == 200
        stranger.cookies.clear()
        for place in (5, len(good) - 3):
            changed = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
            stranger.cookies.set(COOKIE, changed)
            answer = stranger.get(f"/sittings/{sitting}", follow_redirects=False)
            assert answer.status_code == 303, place
            stranger.cookies.clear()

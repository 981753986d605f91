"""A class on the desk: looked at, invited, links taken once, withdrawn, invited again."""

import csv
import io
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bench.school import School, build
from records.invitations import verify
from tests.desk import SECRET, Visitor, add_teachers, served, settings

pytestmark = pytest.mark.flow

HOME = "/exams/cells/invitations"
LIST = "user_id,attempts,extra_time_percent\nann,2,25\nbob,,\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = tmp_path_factory.mktemp("template") / "voxam.db"
    build(f"sqlite:///{database}", School(sittings=2, questions=1, turns=1))
    add_teachers(database, eve=["cells"], mallory=["other"])
    return database


@pytest.fixture
def client(template: Path, tmp_path: Path) -> Iterator[TestClient]:
    database = Path(shutil.copy(template, tmp_path))
    with served(settings(database)) as client:
        yield client


@pytest.fixture
def eve(client: TestClient) -> Visitor:
    visitor = Visitor(client)
    visitor.sign_in("eve")
    return visitor


def send(visitor: Visitor, text: str, path: str = HOME) -> Any:
    visitor.get(HOME)
    files = {"file": ("class.csv", text.encode(), "text/csv")}
    return visitor.client.post(path, data={"csrf": visitor.token}, files=files)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found, page
    return found[1]


def invite(visitor: Visitor) -> str:
    """The page after it."""
    page = send(visitor, LIST).text
    return str(visitor.post(f"{HOME}/create", list=hidden(page, "list")).text)


def test_a_list_is_looked_at_before_anything_is_written(eve: Visitor) -> None:
    looked = send(eve, LIST)
    assert looked.status_code == 200
    assert "2 students would be invited" in looked.text and "extra_time_percent 25" in looked.text
    assert "Nobody is invited yet" in eve.get(HOME).text


def test_a_wrong_list_is_told_line_by_line_and_invites_nobody(eve: Visitor) -> None:
    looked = send(eve, "user_id,attempts\nann,0\n<b>,1\n")
    assert looked.status_code == 422
    assert "line 2: attempts is &#39;0&#39;" in looked.text
    assert "line 3: &#39;&lt;b&gt;&#39; names no student" in looked.text
    assert 'name="list"' not in looked.text
    assert "Nobody is invited yet" in eve.get(HOME).text


def test_the_links_are_taken_once(eve: Visitor) -> None:
    page = invite(eve)
    assert "2 students are invited" in page and "not used yet" in page
    made = hidden(page, "made")
    taken = eve.client.post(f"{HOME}/links", data={"csrf": eve.token, "made": made})
    assert taken.headers["content-disposition"] == 'attachment; filename="links.csv"'
    assert taken.headers["cache-control"] == "no-store"
    rows = list(csv.DictReader(io.StringIO(taken.text.removeprefix("\ufeff"))))
    assert [row["user_id"] for row in rows] == ["ann", "bob"]
    assert verify(rows[0]["link"].rpartition("=")[2], SECRET) == rows[0]["invitation"]
    assert (
        eve.client.post(f"{HOME}/links", data={"csrf": eve.token, "made": made}).status_code == 409
    )
    assert 'name="made"' not in eve.get(f"{HOME}?made={made}").text


def test_a_list_is_used_once(eve: Visitor) -> None:
    token = hidden(send(eve, LIST).text, "list")
    assert eve.post(f"{HOME}/create", list=token).status_code == 200
    assert eve.post(f"{HOME}/create", list=token).status_code == 409
    assert "2 invitations" in eve.get(HOME).text


def test_one_is_withdrawn_and_one_is_made_again(eve: Visitor) -> None:
    page = invite(eve)
    ann, bob = re.findall(rf"{HOME}/(\w+)/revoke", page)
    page = eve.post(f"{HOME}/{ann}/revoke").text
    assert page.count("withdrawn") >= 1 and f"{ann}/revoke" not in page and f"{bob}/revoke" in page
    page = eve.post(f"{HOME}/{ann}/again").text
    assert "ann has a new invitation" in page and "3 invitations" in page
    made = hidden(page, "made")
    taken = eve.client.post(f"{HOME}/links", data={"csrf": eve.token, "made": made}).text
    (row,) = csv.DictReader(io.StringIO(taken.removeprefix("\ufeff")))
    assert (row["user_id"], row["attempts"]) == ("ann", "2")
    assert eve.post(f"{HOME}/none/revoke").status_code == 404
    assert eve.post(f"{HOME}/none/again").status_code == 404
    assert "1 invitation<" in eve.get(f"{HOME}?text=BOB").text


def test_others_reach_neither_the_exam_nor_what_a_teacher_holds(
    eve: Visitor, client: TestClient
) -> None:
    page = invite(eve)
    made = hidden(page, "made")
    (jti, _) = re.findall(rf"{HOME}/(\w+)/revoke", page)
    held = hidden(send(eve, LIST).text, "list")
    other = Visitor(client)
    client.cookies.clear()
    assert client.get(HOME, follow_redirects=False).headers["location"] == "/sign-in"
    other.sign_in("mallory")
    other.get("/exams/other/invitations")
    assert other.client.get(HOME).status_code == 404
    for path in ("", "/create", "/links", f"/{jti}/revoke", f"/{jti}/again"):
        assert other.post(HOME + path, made=made, list=held).status_code == 404
    elsewhere = "/exams/other/invitations"
    assert other.post(f"{elsewhere}/links", made=made).status_code == 409
    assert other.post(f"{elsewhere}/create", list=held).status_code == 409
    assert other.post(f"{elsewhere}/{jti}/revoke").status_code == 404


@pytest.mark.parametrize("path", ["", "/create", "/links", "/any/revoke", "/any/again"])
def test_nothing_is_done_without_the_token_of_a_page(eve: Visitor, path: str) -> None:
    assert eve.client.post(HOME + path, data={"csrf": "wrong"}).status_code == 403


def test_a_form_without_a_file_is_told_so(eve: Visitor) -> None:
    eve.get(HOME)
    assert "Choose a file first" in eve.post(HOME).text

"""Papers on the desk: sent in, looked at, published, for one's own exams."""

import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from records.store import Records
from tests import cohort
from tests.desk import Visitor, add_teachers, new_database, served, settings

pytestmark = pytest.mark.flow

EXAMS = Path(__file__).parents[2] / "exams"
TABLE = "ask,marks,points\nWhy is a cell small?,2,surface|1; volume|1\nHow so?,x,a|1\nWhy?,1,\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = new_database(tmp_path_factory.mktemp("template"))
    add_teachers(database, eve=["cells", "cell-biology"], root=None)
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


def send(visitor: Visitor, name: str, data: bytes | str, **fields: str) -> Any:
    visitor.get("/papers")
    raw = data.encode() if isinstance(data, str) else data
    return visitor.client.post(
        "/papers", data={"csrf": visitor.token} | fields, files={"file": (name, raw)}
    )


def token(page: str) -> str:
    found = re.search(r'name="paper" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_paper_is_looked_at_then_published_then_listed(eve: Visitor) -> None:
    assert "cell-biology" in eve.get("/papers").text
    looked = send(eve, "cell-biology (1).yaml", (EXAMS / "cell-biology.yaml").read_bytes())
    assert looked.status_code == 200 and "Nothing is published yet" in looked.text
    assert eve.get("/papers/cell-biology").status_code == 404
    page = eve.post("/papers/publish", paper=token(looked.text)).text
    assert "cell-biology is published" in page and "produces ATP" in page
    assert "nothing found" in eve.get("/papers").text
    assert eve.post("/papers/publish", paper=token(looked.text)).status_code == 409


def test_a_table_becomes_a_paper_and_what_is_left_is_named(eve: Visitor) -> None:
    looked = send(eve, "biology.csv", TABLE, id="cells", title="All about cells")
    text = looked.text
    assert looked.status_code == 200 and "All about cells" in text
    assert "line 3: “How so?” could not be used, because its `marks` is “x”" in text
    assert "line 4: “Why?” is to be completed" in text
    paper = eve.client.post("/papers/text", data={"csrf": eve.token, "paper": token(text)})
    assert paper.headers["content-disposition"] == 'attachment; filename="cells.yaml"'
    assert "TO COMPLETE" in paper.text
    assert "All about cells" in eve.post("/papers/publish", paper=token(text)).text


def test_what_is_wrong_with_a_paper_is_told_with_its_line(eve: Visitor) -> None:
    text = (EXAMS / "cell-biology.yaml").read_text().replace("mode: exam", "mode: chat")
    looked = send(eve, "cell-biology.yaml", text)
    assert looked.status_code == 422
    assert re.search(r"line 4, <code>mode</code>: has to be", looked.text)
    refused = eve.post("/papers/publish", paper=token(looked.text))
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("x.csv", "nothing\n", "line 1: the first row has to name the columns"),
        ("x.xml", "<!DOCTYPE q [<!ENTITY a 'b'>]><quiz>&a;</quiz>", "document type or entities"),
        ("x.yaml", b"\xff\xfe\x00", "which YAML does not allow"),
        ("x.yaml", "id: ../../etc/passwd\n", "has to be lower-case letters"),
        ("x.csv", "", "the file is empty"),
    ],
)
def test_what_is_no_paper_is_refused_in_a_sentence(
    eve: Visitor, name: str, data: bytes | str, told: str
) -> None:
    looked = send(eve, name, data)
    assert looked.status_code == 422 and told in looked.text


def test_a_teacher_publishes_for_own_exams_and_an_admin_begins_new_ones(
    eve: Visitor, client: TestClient, tmp_path: Path
) -> None:
    looked = send(eve, "biology.csv", TABLE, id="new-exam")
    assert "is none of your exams" in looked.text
    assert eve.post("/papers/publish", paper=token(looked.text)).status_code == 403
    client.cookies.clear()
    root = Visitor(client)
    root.sign_in("root")
    held = token(looked.text)
    root.get("/papers")
    assert root.post("/papers/publish", paper=held).status_code == 409
    looked = send(root, "biology.csv", TABLE, id="new-exam")
    assert "new-exam is published" in root.post("/papers/publish", paper=token(looked.text)).text
    with closing(sqlite3.connect(tmp_path / "voxam.db")) as database:
        (detail,) = database.execute("SELECT detail FROM audit WHERE subject = 'new-exam'")
    assert json.loads(detail[0])["teacher"] == "root"
    client.cookies.clear()
    eve.sign_in("eve")
    assert "new-exam" not in eve.get("/papers").text
    assert eve.client.get("/papers/new-exam").status_code == 404


def test_a_paper_of_another_version_is_listed_as_not_to_be_read(
    eve: Visitor, client: TestClient, tmp_path: Path
) -> None:
    async def publish() -> None:
        records = await Records.open(f"sqlite:///{tmp_path / 'voxam.db'}")
        await records.publish_paper("cells", cohort.PAPER | {"colour": "red"}, "hash")
        await records.close()

    asyncio.run(publish())
    assert "cannot be read" in eve.get("/papers").text
    assert "another version" in eve.get("/papers/cells").text


@pytest.mark.parametrize("path", ["/papers", "/papers/text", "/papers/publish"])
def test_nothing_is_done_without_the_token_of_a_page(eve: Visitor, path: str) -> None:
    assert eve.client.post(path, data={"csrf": "wrong"}).status_code == 403


def test_strangers_see_no_paper(client: TestClient) -> None:
    for path in ("/papers", "/papers/cells", "/exams", "/exams/cells"):
        assert client.get(path, follow_redirects=False).headers["location"] == "/sign-in"

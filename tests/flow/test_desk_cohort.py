"""The page of an exam, its pictures, its files, and a sitting to print."""

import csv
import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from bench.school import School, build
from tests.desk import Visitor, add_teachers, served, settings

pytestmark = pytest.mark.flow

SIZE = 12
FIRST = f"{0:032x}"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    database = tmp_path_factory.mktemp("desk") / "voxam.db"
    school = School(sittings=SIZE, questions=3, turns=6, provisional=True)
    build(f"sqlite:///{database}", school)
    add_teachers(database, eve=["cells", "unborn"], mallory=["other"])
    with served(settings(database)) as client:
        yield client


@pytest.fixture
def eve(client: TestClient) -> Visitor:
    client.cookies.clear()
    visitor = Visitor(client)
    visitor.sign_in("eve")
    return visitor


def test_the_page_shows_figures_pictures_and_that_they_are_provisional(eve: Visitor) -> None:
    page = eve.get("/exams/cells").text
    assert "Provisional marks." in page
    assert f"{SIZE} of {SIZE} marked sittings have provisional marks" in page
    assert re.search(rf"<dt>Sittings</dt><dd class=\"big\">{SIZE}<", page)
    for question in ("q1", "q2", "q3"):
        assert f'<th scope="row">{question}</th>' in page
    pictures = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', page)
    assert len(pictures) == 5
    for address, alt in pictures:
        assert len(alt) > 30
        drawn = eve.client.get(address)
        assert drawn.headers["content-type"] == "image/svg+xml"
        assert ElementTree.fromstring(drawn.text).tag.endswith("svg")
        assert eve.client.get(address).content == drawn.content
    assert eve.client.get("/exams/cells/plots/any/none.svg").status_code == 404


def test_a_change_shows_at_once(eve: Visitor) -> None:
    before = eve.get("/exams/cells").text
    eve.get(f"/sittings/{FIRST}")
    eve.post(f"/sittings/{FIRST}/override", question="q2", marks="1", reason="Heard again.")
    after = eve.get("/exams/cells").text
    assert re.findall(r"plots/(\w+)/difficulty", before) != re.findall(
        r"plots/(\w+)/difficulty", after
    )


@pytest.mark.parametrize("format_", ["csv", "json", "xlsx"])
def test_results_come_as_a_file(eve: Visitor, format_: str) -> None:
    given = eve.client.get(f"/exams/cells/results.{format_}")
    assert given.status_code == 200
    assert re.fullmatch(
        rf'attachment; filename="cells-\d{{4}}-\d\d-\d\d\.{format_}"',
        given.headers["content-disposition"],
    )
    assert given.headers["cache-control"] == "no-store"
    if format_ == "csv":
        rows = list(csv.DictReader(io.StringIO(given.content.decode("utf-8-sig"))))
        assert len(rows) == SIZE * 3 and {row["exam_id"] for row in rows} == {"cells"}


def test_a_sitting_can_be_printed_with_all_that_it_stands_on(eve: Visitor) -> None:
    other = f"{3:032x}"
    page = eve.get(f"/sittings/{other}/print").text
    for told in ("student-0003", "Provisional marks.", "Question 1: how does", other * 2):
        assert told in page
    assert "The answer says so in its own words" in page and "costs 0.0610 USD" in page


def test_an_exam_without_a_paper_and_without_sittings_is_told_so(eve: Visitor) -> None:
    page = eve.client.get("/exams/unborn")
    assert page.status_code == 404 and "nobody has sat it" in page.text
    assert "unborn" in eve.get("/exams").text


@pytest.mark.parametrize(
    "path",
    [
        "/exams/cells",
        "/exams/cells/plots/any/marks.svg",
        "/exams/cells/results.csv",
        f"/sittings/{FIRST}/print",
    ],
)
def test_only_the_teacher_of_the_exam_sees_it(client: TestClient, path: str) -> None:
    client.cookies.clear()
    assert client.get(path, follow_redirects=False).headers["location"] == "/sign-in"
    mallory = Visitor(client)
    mallory.sign_in("mallory")
    assert mallory.client.get(path).status_code == 404
    assert "cells" not in mallory.get("/exams").text

"""The desk on a real Postgres: its list sorts by what is to be done, and its acts are kept."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from desk.app import create_app
from records.desk_store import DeskStore
from records.grading_store import GradingStore
from tests import cohort
from tests.desk import PASSWORD, Visitor, settings

pytestmark = pytest.mark.live


@pytest.fixture
def url(postgres_url: str) -> str:
    async def add() -> None:
        store = await DeskStore.open(postgres_url)
        await store.add_teacher("eve", PASSWORD, exams=["cells"])
        await store.close()

    asyncio.run(add())
    return postgres_url


@pytest.fixture
def sat(url: str) -> dict[str, str]:
    there = asyncio.run(cohort.sit(url, "ann", "bob", "mia"))
    given = {
        there["ann"]: (cohort.mark("q1", 2, (2, 1)), cohort.mark("q2", 0)),
        there["bob"]: (cohort.mark("q1", 1), cohort.mark("q2", None)),
        there["mia"]: (cohort.mark("q1", 3), cohort.mark("q2", 1)),
    }
    asyncio.run(cohort.grade(url, given))
    asyncio.run(cohort.appeal(url, there["mia"], "I said more."))
    return there


@pytest.fixture
def eve(url: str, sat: dict[str, str]) -> Iterator[Visitor]:
    there = settings(Path("nowhere")).model_copy(update={"database_url": url})
    with TestClient(create_app(there), base_url=there.desk_url) as client:
        visitor = Visitor(client)
        visitor.sign_in("eve")
        yield visitor


def test_the_list_begins_with_what_needs_a_person(eve: Visitor, sat: dict[str, str]) -> None:
    page = eve.get("/").text
    assert max(page.index(sat["bob"]), page.index(sat["mia"])) < page.index(sat["ann"])
    assert sat["ann"] in eve.get("/?stand=graded").text
    assert sat["ann"] not in eve.get("/?stand=review").text
    assert sat["bob"] in eve.get("/?text=BO").text
    for odd in ("/?page=" + "9" * 30, "/?page=100000", "/?text=%00%25_", "/?exam=%00"):
        assert eve.get(odd).status_code == 200, odd


def test_each_act_is_kept_and_tied_in(eve: Visitor, sat: dict[str, str], url: str) -> None:
    ann, mia = f"/sittings/{sat['ann']}", f"/sittings/{sat['mia']}"
    eve.get(ann)
    page = eve.post(f"{ann}/override", question="q1", marks="2.5", reason="She\0 said so.").text
    assert "2 → 2.5" in page
    page = eve.post(f"{ann}/correct", turn="0", text="It makes\0 ATP, and air.", reason="air").text
    assert '<s lang="en">It makes ATP.</s>' in page
    page = eve.get("/appeals").text
    action = page.split('action="/appeals/')[1].split('"')[0]
    assert "You did." in eve.post(f"/appeals/{action}", reply="You did.").text
    assert eve.post(f"/appeals/{2**31}", reply="x").status_code == 404
    eve.get("/?exam=cells")
    assert sat["bob"][:8] in eve.post("/exams/cells/release").text
    assert "result released" in eve.get(mia).text
    assert "Result withdrawn by eve" in eve.post(f"{mia}/withdraw").text

    async def verify() -> None:
        store = await GradingStore.open(url)
        for sitting in sat.values():
            assert (await store.verify(sitting)).broken == []
        await store.close()

    asyncio.run(verify())

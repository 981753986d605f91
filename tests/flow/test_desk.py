"""The desk as a teacher uses it, page by page, without a browser."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from desk.session import COOKIE
from records.engine import open_engine, writing
from records.grading_store import GradingStore
from records.marking import Grading
from records.schema import recordings, turns
from tests import cohort
from tests.desk import Visitor, add_teachers, new_database, served, settings

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, str], str]:
    """A database, its sittings, and the cookie of eve. ann's answers are both marked, bob's second
    one is not."""
    database = new_database(tmp_path_factory.mktemp("template"))
    add_teachers(database, eve=["cells"], root=None)
    url = f"sqlite:///{database}"

    async def sit() -> dict[str, str]:
        there = await cohort.sit(url, "ann", "bob")
        await cohort.grade(
            url,
            {
                there["ann"]: (cohort.mark("q1", 2, (2, 1)), cohort.mark("q2", 0)),
                there["bob"]: (cohort.mark("q1", 1), cohort.mark("q2", None)),
            },
        )
        return there

    there = asyncio.run(sit())
    with served(settings(database)) as client:
        Visitor(client).sign_in("eve")
        cookie = client.cookies[COOKIE]
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database.read_bytes(), there, cookie


@pytest.fixture
def database(template: tuple[bytes, dict[str, str], str], tmp_path: Path) -> Path:
    database = tmp_path / "voxam.db"
    database.write_bytes(template[0])
    return database


@pytest.fixture
def sat(template: tuple[bytes, dict[str, str], str]) -> dict[str, str]:
    return template[1]


@pytest.fixture
def eve(database: Path, template: tuple[bytes, dict[str, str], str]) -> Iterator[Visitor]:
    with served(settings(database)) as client:
        client.cookies.set(COOKIE, template[2])
        yield Visitor(client)


def _broken(database: Path, sitting: str) -> list[str]:
    async def verify() -> list[str]:
        store = await GradingStore.open(f"sqlite:///{database}")
        verdict = await store.verify(sitting)
        await store.close()
        return [str(each) for each in verdict.broken]

    return asyncio.run(verify())


def test_what_needs_a_person_comes_first(eve: Visitor, sat: dict[str, str]) -> None:
    page = eve.get("/").text
    assert page.index(sat["bob"]) < page.index(sat["ann"])
    assert "1 without a mark" in page
    only = eve.get("/?stand=graded").text
    assert sat["ann"] in only
    assert sat["bob"] not in only
    assert sat["bob"] in eve.get("/?text=BO").text
    assert "No sittings here" in eve.get("/?text=nobody").text


def test_a_mark_is_changed_with_a_reason_and_the_old_one_stays(
    eve: Visitor, sat: dict[str, str], database: Path
) -> None:
    path = f"/sittings/{sat['ann']}"
    assert "grader 1" in eve.get(path).text
    page = eve.post(f"{path}/override", question="q1", marks="2,5", reason="She said oxygen.").text
    assert "2 → 2.5" in page
    assert "She said oxygen." in page
    assert "eve" in page
    assert "2.5 / 4" in page
    assert _broken(database, sat["ann"]) == []


@pytest.mark.parametrize(
    ("marks", "reason", "told"),
    [
        ("3.1", "because", "from 0 to 3"),
        ("-1", "because", "from 0 to 3"),
        ("nan", "because", "must be a number"),
        ("two", "because", "must be a number"),
        ("1", " ", "for a reason"),
    ],
)
def test_a_mark_that_cannot_be_is_refused_in_a_sentence(
    eve: Visitor, sat: dict[str, str], marks: str, reason: str, told: str
) -> None:
    path = f"/sittings/{sat['ann']}"
    eve.get(path)
    answer = eve.post(f"{path}/override", question="q1", marks=marks, reason=reason)
    assert answer.status_code in (400, 409)
    assert told in answer.text
    assert "→" not in eve.get(path).text


def test_a_misheard_answer_is_corrected_and_marked_again(
    eve: Visitor, sat: dict[str, str], database: Path
) -> None:
    path = f"/sittings/{sat['ann']}"
    eve.get(path)
    page = eve.post(f"{path}/correct", turn="0", text="It makes  ATP from air.", reason="air").text
    assert "It makes ATP from air." in page
    assert '<s lang="en">It makes ATP.</s>' in page
    assert "being marked" in page
    assert _broken(database, sat["ann"]) == []
    store = asyncio.run(_gradings(database, sat["ann"]))
    assert [(each.state, each.questions, each.requested_by) for each in store] == [
        ("done", None, None),
        ("pending", ["q1"], "eve"),
    ]


async def _gradings(database: Path, sitting: str) -> list[Grading]:
    store = await GradingStore.open(f"sqlite:///{database}")
    found = await store.gradings(sitting)
    await store.close()
    return found


def test_an_answer_without_a_mark_is_asked_for_again(
    eve: Visitor, sat: dict[str, str], database: Path
) -> None:
    path = f"/sittings/{sat['bob']}"
    assert "Ask the graders again" in eve.get(path).text
    eve.post(f"{path}/ask-again", question="q2")
    last = asyncio.run(_gradings(database, sat["bob"]))[-1]
    assert (last.state, last.questions, last.reason) == ("pending", ["q2"], "asked_again")


def test_only_what_is_wholly_marked_is_released(eve: Visitor, sat: dict[str, str]) -> None:
    bob = f"/sittings/{sat['bob']}"
    assert "Release the result" not in eve.get(bob).text
    refused = eve.post(f"{bob}/release")
    assert refused.status_code == 409
    assert "Not every answer" in refused.text
    eve.get("/?exam=cells")
    page = eve.post("/exams/cells/release").text
    assert "1 results of cells are given" in page
    assert f"1 are not wholly marked and stay here: {sat['bob'][:8]}." in page
    ann = f"/sittings/{sat['ann']}"
    assert "result released" in eve.get(ann).text
    assert "does not see the result any more" in eve.post(f"{ann}/withdraw").text


def test_an_older_version_of_the_marks_can_be_seen_and_not_changed(
    eve: Visitor, sat: dict[str, str], database: Path
) -> None:
    path = f"/sittings/{sat['ann']}"
    eve.get(path)
    eve.post(f"{path}/ask-again")
    given = {sat["ann"]: (cohort.mark("q1", 3), cohort.mark("q2", 1))}
    asyncio.run(cohort.grade(f"sqlite:///{database}", given))
    assert "4 / 4" in eve.get(path).text
    old = eve.get(f"{path}?version=1").text
    assert "which does not hold" in old
    assert "2 / 4" in old
    assert "Change the mark" not in old
    assert eve.get(f"{path}?version=7").status_code == 404


def test_marks_without_a_model_are_called_provisional_on_every_page(
    eve: Visitor, sat: dict[str, str], database: Path
) -> None:
    eve.get(f"/sittings/{sat['ann']}")
    eve.post(f"/sittings/{sat['ann']}/ask-again")
    provisional = [
        type(mark)(**(vars(mark) | {"provisional": True, "flags": ["provisional"]}))
        for mark in (cohort.mark("q1", 3), cohort.mark("q2", 1))
    ]
    asyncio.run(cohort.grade(f"sqlite:///{database}", {sat["ann"]: tuple(provisional)}))
    for path in ("/", f"/sittings/{sat['ann']}"):
        assert "Provisional marks." in eve.get(path).text
    # Alone it asks for nobody.
    assert sat["ann"] in eve.get("/?stand=graded").text


def test_the_recording_is_played_from_any_place(
    database: Path, sat: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "sound"
    (folder / "x").mkdir(parents=True)
    sound = bytes(range(256)) * 1000
    (folder / "x" / "whole.ogg").write_bytes(sound)
    asyncio.run(_record(database, sat["ann"], "x/whole.ogg", len(sound)))
    with served(settings(database, folder)) as client:
        visitor = Visitor(client)
        visitor.sign_in("eve")
        page = visitor.get(f"/sittings/{sat['ann']}").text
        assert 'data-at="1500"' in page
        path = f"/sittings/{sat['ann']}/audio"
        whole = client.get(path)
        assert (whole.status_code, whole.content) == (200, sound)
        for asked, first, last in (
            ("bytes=0-", 0, len(sound) - 1),
            ("bytes=1000-1999", 1000, 1999),
            ("bytes=-10", len(sound) - 10, len(sound) - 1),
        ):
            part = client.get(path, headers={"range": asked})
            assert part.status_code == 206
            assert part.headers["content-range"] == f"bytes {first}-{last}/{len(sound)}"
            assert part.content == sound[first : last + 1]
        beyond = client.get(path, headers={"range": f"bytes={len(sound)}-"})
        assert beyond.status_code == 416
        assert client.get(f"/sittings/{sat['bob']}/audio").status_code == 404


async def _record(database: Path, sitting: str, path: str, size: int) -> None:
    engine = open_engine(f"sqlite:///{database}")
    async with writing(engine) as connection:
        await connection.execute(
            insert(recordings).values(
                sitting_id=sitting,
                path=path,
                duration_ms=60_000,
                size=size,
                sha256="0" * 64,
                segments=[{"number": 1, "offset_ms": 1000, "duration_ms": 59_000}],
                at=cohort.NOW,
            )
        )
        await connection.execute(
            update(turns).where(turns.c.sitting_id == sitting).values(segment=1, offset_ms=500)
        )
    await engine.dispose()

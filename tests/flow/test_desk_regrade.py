"""The desk's page of a regrading: what it shows, who may see it, and what its button does."""

import asyncio
import html
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from desk.app import create_app
from desk.settings import Settings
from records.desk_store import DeskStore
from tests.cohort import grade, holding, mark, opened, override, regraded, release, sit

pytestmark = pytest.mark.flow

PASSWORD = "correct horse battery"
PAGE = "/exams/cells/regrade"


@pytest.fixture
def url(empty_database: Path, tmp_path: Path) -> str:
    shutil.copy(empty_database, tmp_path / "voxam.db")
    return f"sqlite:///{tmp_path / 'voxam.db'}"


@contextmanager
def _desk(url: str, *exams: str) -> Iterator[TestClient]:
    """Eve is signed in, and these exams are hers."""

    async def add() -> None:
        store = await DeskStore.open(url)
        await store.add_teacher("Eve", PASSWORD, exams=exams)
        await store.close()

    asyncio.run(add())
    settings = Settings(
        database_url=url,
        desk_key=SecretStr("k" * 40),
        invitation_secret=SecretStr("s" * 40),
        recordings_url="",
    )
    with TestClient(create_app(settings), follow_redirects=False) as client:
        form = {"name": "Eve", "password": PASSWORD, "csrf": _hidden(client, "/sign-in", "csrf")}
        assert client.post("/sign-in", data=form).status_code == 303
        yield client


def _hidden(client: TestClient, page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', client.get(page).text)
    assert found
    return found[1]


def _agreed(client: TestClient) -> dict[str, str]:
    """What the button on the page sends."""
    return {name: _hidden(client, PAGE, name) for name in ("csrf", "shown")}


def _words(client: TestClient, page: str = PAGE) -> str:
    text = client.get(page).text
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_who_would_change_is_shown_before_anything_does(url: str) -> None:
    there = asyncio.run(regraded(url))
    asyncio.run(release(url, there["ann"]))
    asyncio.run(override(url, there["bob"], 3))
    with _desk(url, "cells") as client:
        words = _words(client)
    assert "Would change 2 Higher 2 Lower 0 Would change, and released 1" in words
    assert "1 of those who would change has seen another result already." in words
    # bob's own mark stands, so that both gain one; by name then.
    assert "ann 2 / 4 3 / 4 q2: 0 → 1 of 1 released" in words
    assert "bob 3 / 4 4 / 4 q1: 1 → 2 of 3 (the teacher’s 3 stands) q2: 0 → 1 of 1" in words
    assert asyncio.run(holding(url, there["ann"])) == (1, [2.0, 0.0])


def test_the_button_lets_the_new_marks_hold(url: str) -> None:
    there = asyncio.run(regraded(url))
    with _desk(url, "cells") as client:
        answer = client.post(f"{PAGE}/adopt", data=_agreed(client))
        assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
        assert "The new marks hold for 2 of 2 sittings." in _words(client)
        assert "There is no regrading to look at." in _words(client)
    for user, marks in {"ann": [2.0, 1.0], "bob": [2.0, 1.0]}.items():
        assert asyncio.run(holding(url, there[user])) == (2, marks)


def test_what_was_not_seen_is_not_adopted(url: str) -> None:
    """Between the look and the button bob was marked anew once more."""
    there = asyncio.run(regraded(url))
    bob = there["bob"]

    async def again() -> None:
        async with opened(url) as gradings:
            await gradings.ask_for(bob, "regraded")
        await grade(url, {bob: (mark("q1", 0), mark("q2", 0))})

    with _desk(url, "cells") as client:
        form = _agreed(client)
        asyncio.run(again())
        client.post(f"{PAGE}/adopt", data=form)
        assert "Nothing was adopted." in _words(client)
    for user in there.values():
        assert asyncio.run(holding(url, user))[0] == 1


def test_what_is_being_marked_is_left_and_told(url: str) -> None:
    there = asyncio.run(regraded(url))

    async def correct() -> None:
        async with opened(url) as gradings:
            await gradings.ask_for(there["bob"], "corrected", questions=["q1"])

    asyncio.run(correct())
    with _desk(url, "cells") as client:
        client.post(f"{PAGE}/adopt", data=_agreed(client))
        words = _words(client)
    assert "The new marks hold for 1 of 2 sittings." in words
    assert "1 left as before: it is being marked at the moment" in words
    assert asyncio.run(holding(url, there["bob"]))[0] == 1


def test_an_exam_that_nobody_sat_or_regraded_has_an_empty_page(url: str) -> None:
    with _desk(url, "cells", "roots") as client:
        asyncio.run(sit(url, "ann"))
        for page in (PAGE, "/exams/roots/regrade", f"{PAGE}?page=99", f"{PAGE}?page=-1"):
            assert client.get(page).status_code == 200
            assert "There is no regrading to look at." in _words(client, page)


def test_another_teachers_exam_is_not_there(url: str) -> None:
    there = asyncio.run(regraded(url))
    with _desk(url, "roots") as client:
        assert client.get(PAGE).status_code == 404
        form = {"csrf": _hidden(client, "/", "csrf"), "shown": ""}
        assert client.post(f"{PAGE}/adopt", data=form).status_code == 404
    assert asyncio.run(holding(url, there["ann"]))[0] == 1


def test_whoever_is_not_signed_in_is_sent_to_do_so(url: str) -> None:
    asyncio.run(regraded(url))
    with _desk(url, "cells") as client:
        client.cookies.clear()
        for answer in (client.get(PAGE), client.post(f"{PAGE}/adopt", data={})):
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_a_form_that_is_not_ours_adopts_nothing(url: str) -> None:
    there = asyncio.run(regraded(url))
    with _desk(url, "cells") as client:
        form = _agreed(client)
        for sent in ({"shown": form["shown"]}, form | {"csrf": "x" * 32}):
            assert client.post(f"{PAGE}/adopt", data=sent).status_code == 403
        foreign = {"origin": "https://elsewhere.example"}
        assert client.post(f"{PAGE}/adopt", data=form, headers=foreign).status_code == 403
    assert asyncio.run(holding(url, there["ann"]))[0] == 1

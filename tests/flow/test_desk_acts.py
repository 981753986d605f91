"""What a teacher does at the desk besides marking: appeals, reopening, and what is refused."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from records.grading_store import GradingStore
from tests import cohort
from tests.desk import Visitor, add_teachers, new_database, served, settings

pytestmark = pytest.mark.flow


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    database = new_database(tmp_path_factory.mktemp("desk"))
    add_teachers(database, eve=["cells"], tom=["plants"])
    return database


@pytest.fixture(scope="module")
def eve(database: Path) -> Iterator[Visitor]:
    with served(settings(database)) as client:
        visitor = Visitor(client)
        visitor.sign_in("eve")
        yield visitor


@pytest.fixture
def sitting(database: Path, request: pytest.FixtureRequest) -> str:
    """A marked one, of a student of this test's own."""
    url = f"sqlite:///{database}"
    (made,) = asyncio.run(cohort.sit(url, request.node.name[:100])).values()
    marks = (cohort.mark("q1", 2, (2, 1)), cohort.mark("q2", 1))
    asyncio.run(cohort.grade(url, {made: marks}))
    return made


def _broken(database: Path, sitting: str) -> list[str]:
    async def verify() -> list[str]:
        store = await GradingStore.open(f"sqlite:///{database}")
        verdict = await store.verify(sitting)
        await store.close()
        assert verdict.links > 0
        return [str(each) for each in verdict.broken]

    return asyncio.run(verify())


def _set_status(database: Path, sitting: str, status: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE sittings SET status = ? WHERE id = ?", (status, sitting))


def test_an_appeal_comes_first_and_is_answered_once(
    eve: Visitor, database: Path, sitting: str
) -> None:
    asyncio.run(cohort.appeal(f"sqlite:///{database}", sitting, "I did say <oxygen>."))
    assert "1 open appeal" in eve.get("/").text
    assert sitting in eve.get("/?stand=review").text
    page = eve.get("/appeals").text
    assert "I did say &lt;oxygen&gt;." in page
    action = page.split('action="/appeals/')[1].split('"')[0]
    empty = eve.post(f"/appeals/{action}", reply="  ")
    assert empty.status_code == 409
    assert "the student reads it" in empty.text
    eve.get("/appeals")
    page = eve.post(f"/appeals/{action}", reply="You did: three marks.").text
    assert "You did: three marks." in page
    assert "open appeal" not in eve.get("/").text
    eve.get("/appeals")
    assert eve.post(f"/appeals/{action}", reply="Or not.").status_code == 409
    assert "Or not." not in eve.get(f"/sittings/{sitting}").text
    assert _broken(database, sitting) == []


def test_an_appeal_is_nothing_for_another_teacher(database: Path, sitting: str) -> None:
    asyncio.run(cohort.appeal(f"sqlite:///{database}", sitting, "Only for eve."))
    with served(settings(database)) as client:
        tom = Visitor(client)
        tom.sign_in("tom")
        page = tom.get("/appeals").text
        assert "Only for eve." not in page
        assert "open appeal" not in tom.get("/").text
        for number in range(1, 5):
            assert tom.post(f"/appeals/{number}", reply="No.").status_code == 404
    with closing(sqlite3.connect(database)) as connection:
        found = connection.execute("SELECT state FROM appeals WHERE text = 'Only for eve.'")
        assert found.fetchall() == [("open",)]


def test_who_goes_on_with_an_exam_loses_the_result_that_was_given(
    eve: Visitor, database: Path, sitting: str
) -> None:
    path = f"/sittings/{sitting}"
    assert "Let the student go on" not in eve.get(path).text
    refused = eve.post(f"{path}/reopen")
    assert refused.status_code == 409
    _set_status(database, sitting, "abandoned")
    eve.get(path)
    assert "result released" in eve.post(f"{path}/release").text
    assert "Let the student go on" in eve.get(path).text
    page = eve.post(f"{path}/reopen").text
    assert "back into the exam" in page
    assert "result released" not in page
    assert "Result withdrawn by eve" in page
    with closing(sqlite3.connect(database)) as connection:
        detail, status = connection.execute(
            "SELECT audit.detail, sittings.status FROM audit JOIN sittings ON sittings.id = subject"
            " WHERE action = 'reopen' AND subject = ?",
            (sitting,),
        ).fetchone()
    assert json.loads(detail) == {"teacher": "eve"}
    assert status == "running"


def test_a_students_words_say_which_language_they_are_in(eve: Visitor, database: Path) -> None:
    url = f"sqlite:///{database}"
    paper = cohort.PAPER | {"language": "de"}
    (made,) = asyncio.run(cohort.sit(url, "gerd", paper=paper, said="Es macht ATP.")).values()
    asyncio.run(cohort.grade(url, {made: (cohort.mark("q1", 2), cohort.mark("q2", 1))}))
    page = eve.get(f"/sittings/{made}").text
    assert '<p class="said"><span lang="de">Es macht ATP.</span>' in page
    assert '<blockquote lang="de">Es macht ATP.</blockquote>' in page
    assert (
        '<blockquote lang="de">Es macht ATP.</blockquote>'
        in eve.get(f"/sittings/{made}/print").text
    )
    assert '<h3 id="q1" lang="de">' in eve.get("/papers/cells").text


def test_nobody_goes_on_with_one_exam_beside_another_that_is_open(
    eve: Visitor, database: Path, sitting: str
) -> None:
    (other,) = asyncio.run(cohort.sit(f"sqlite:///{database}", "who sits twice")).values()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "UPDATE sittings SET user_id = 'twice' WHERE id IN (?, ?)", (sitting, other)
        )
    _set_status(database, sitting, "abandoned")
    _set_status(database, other, "running")
    eve.get(f"/sittings/{sitting}")
    refused = eve.post(f"/sittings/{sitting}/reopen")
    assert refused.status_code == 409
    assert "another sitting of this exam open" in refused.text


def test_nothing_is_corrected_or_marked_while_the_exam_runs(
    eve: Visitor, database: Path, sitting: str
) -> None:
    _set_status(database, sitting, "running")
    path = f"/sittings/{sitting}"
    assert "Correct what was misheard" not in eve.get(path).text
    for name, fields in (
        ("correct", {"turn": "0", "text": "It makes air.", "reason": "air"}),
        ("ask-again", {}),
        ("release", {}),
    ):
        eve.get(path)
        assert eve.post(f"{path}/{name}", **fields).status_code == 409, name
    assert "It makes air." not in eve.get(path).text


@pytest.mark.parametrize(
    ("name", "fields", "told"),
    [
        ("correct", {"turn": "²", "text": "Else.", "reason": "x"}, "was not said"),
        ("correct", {"turn": "7", "text": "Else.", "reason": "x"}, "said nothing there"),
        ("correct", {"turn": "0", "text": " It makes\nATP. ", "reason": "x"}, "other than it"),
        ("ask-again", {"question": "q9"}, "no such question"),
        ("override", {"question": "q9", "marks": "1", "reason": "x"}, "has not been marked"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    eve: Visitor, sitting: str, name: str, fields: dict[str, str], told: str
) -> None:
    eve.get(f"/sittings/{sitting}")
    answer = eve.post(f"/sittings/{sitting}/{name}", **fields)
    assert answer.status_code in (400, 409)
    assert told in answer.text


def test_each_grader_is_shown_with_reasons_quotes_and_what_failed(
    eve: Visitor, database: Path, sitting: str
) -> None:
    quote = {"text": "makes ATP", "turn": 0}
    points = [
        {"id": "atp", "marks": 1, "out_of": 1, "quotes": [quote], "reason": "ATP is named."},
        {"id": "air", "marks": 0, "out_of": 2, "quotes": [], "reason": "No word of oxygen."},
    ]
    given = {"name": "grader 1", "model": "model/1", "round": 2, "words": "rest", "state": "given"}
    failed = {"name": "grader 2", "model": "model/2", "round": 1, "words": "whole"}
    graders = [
        given | {"marks": 1, "points": points, "why": "Half of it."},
        failed | {"state": "quote_refused", "marks": None, "points": [], "why": "It was not said."},
    ]
    mark = replace(cohort.mark("q1", None), graders=graders, flags=["few_graders"])
    eve.get(f"/sittings/{sitting}")
    eve.post(f"/sittings/{sitting}/ask-again")
    given_now = {sitting: (mark, cohort.mark("q2", 1))}
    asyncio.run(cohort.grade(f"sqlite:///{database}", given_now))
    page = eve.get(f"/sittings/{sitting}").text
    for told in (
        "ATP is named.",
        "No word of oxygen.",
        "Half of it.",
        "It was not said.",
        "a grader quoted what was not said",
        "read with what speaks to graders",
        "too few graders could be used",
        "no mark: a person has to look",
        '<a href="#turn-0" class="quote"><mark lang="en">makes ATP</mark></a>',
    ):
        assert told in page, told

"""A student's result, page by page, and the appeal against it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from records.desk_store import DeskStore
from records.grading_store import GradingStore
from records.store import Records
from tests import cohort
from tests.desk import add_teachers, new_database, served, settings
from tests.results import StudentAtResult, invite, on_desk

pytestmark = pytest.mark.flow

MODEL = "model/0"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    database = new_database(tmp_path)
    add_teachers(database, root=None)
    return database


@pytest.fixture
def ann(database: Path) -> Iterator[StudentAtResult]:
    with served(settings(database)) as client:
        yield StudentAtResult(client)


def _sit(database: Path, *, marked: bool = True, **paper: Any) -> str:
    """ann's sitting, marked: of q1 one point of two is reached."""
    url = f"sqlite:///{database}"

    async def sit() -> str:
        there = await cohort.sit(url, "ann", paper=cohort.PAPER | paper)
        if marked:
            marks = (cohort.mark("q1", 2, (2, 1)), cohort.mark("q2", 0))
            await cohort.grade(url, {there["ann"]: marks})
        return there["ann"]

    return asyncio.run(sit())


def _release(database: Path, sitting: str) -> None:
    on_desk(database, lambda store: store.release(sitting, "root"))


def _broken(database: Path, sitting: str) -> list[str]:
    async def verify() -> list[str]:
        store = await GradingStore.open(f"sqlite:///{database}")
        verdict = await store.verify(sitting)
        await store.close()
        return [str(each) for each in verdict.broken]

    return asyncio.run(verify())


def test_the_link_leads_to_the_marks_and_nobody_elses_names(
    database: Path, ann: StudentAtResult
) -> None:
    sitting = _sit(database)
    _release(database, sitting)
    ann.enter(invite(database, "ann"))
    page = ann.get()
    assert page.url.path == f"/result/view/{sitting}"
    for told in ("What does a mitochondrion do?", "It makes ATP.", "2 of 4 marks", "2 of 3"):
        assert told in page.text
    assert MODEL not in page.text
    assert "grader" not in page.text


@pytest.mark.parametrize(
    ("feedback", "question_marks", "missing"),
    [("none", False, False), ("marks", True, False), ("full", True, True)],
)
def test_the_paper_decides_how_much_is_told(
    database: Path, ann: StudentAtResult, feedback: str, question_marks: bool, missing: bool
) -> None:
    _release(database, _sit(database, feedback=feedback))
    ann.enter(invite(database, "ann"))
    page = ann.get().text
    assert "2 of 4 marks" in page
    assert ("2 of 3" in page) is question_marks
    assert ("it uses oxygen" in page) is missing
    assert (">mitochondrion</span> " in page) is missing


def test_the_teachers_word_is_the_mark(database: Path, ann: StudentAtResult) -> None:
    sitting = _sit(database, feedback="full")
    on_desk(database, lambda store: store.override(sitting, "q1", 3, "Between us.", "root"))
    _release(database, sitting)
    ann.enter(invite(database, "ann"))
    page = ann.get().text
    assert "3 of 3" in page
    assert "Your teacher decided on this mark." in page
    # The graders' points would speak against it, and the reason is for the record.
    assert "it uses oxygen" not in page
    assert "Between us." not in page


def test_words_that_were_misheard_are_shown_as_corrected(
    database: Path, ann: StudentAtResult
) -> None:
    sitting = _sit(database)
    on_desk(database, lambda s: s.correct(sitting, 0, "It makes ATP from air.", "air", "root"))
    _release(database, sitting)
    ann.enter(invite(database, "ann"))
    page = ann.get().text
    assert "It makes ATP from air." in page
    assert "corrected words" in page


def test_states_before_the_release(database: Path, ann: StudentAtResult) -> None:
    sitting = _sit(database, marked=False)
    ann.enter(invite(database, "ann"))
    assert "not all marked yet" in ann.get().text
    marks = (cohort.mark("q1", 2), cohort.mark("q2", 0))
    asyncio.run(cohort.grade(f"sqlite:///{database}", {sitting: marks}))
    assert "has not released" in ann.get().text


def test_several_attempts_are_listed(database: Path, ann: StudentAtResult) -> None:
    first = _sit(database)
    _release(database, first)
    second = _second_attempt(database)
    ann.enter(invite(database, "ann"))
    page = ann.get().text
    assert page.index("not all marked yet") < page.index("has released this result")
    assert f"/result/view/{first}" in page
    assert f"/result/view/{second}" not in page


def _second_attempt(database: Path) -> str:
    """By another invitation; without one an exam is taken once."""

    async def sit() -> str:
        records = await Records.open(f"sqlite:///{database}")
        made = await records.create_invitation(
            user_id="ann",
            exam_id="cells",
            profile={},
            attempts=1,
            expires_at=datetime.now(UTC) + timedelta(days=1),
        )
        sitting, _ = await records.open_sitting(
            user_id="ann",
            exam_id="cells",
            consent={"recording": False, "text_version": "1"},
            profile={},
            invitation=made.jti,
        )
        async with records.engine.begin() as connection:
            await connection.exec_driver_sql(
                "UPDATE sittings SET status = 'abandoned' WHERE id = ?", (sitting.id,)
            )
        await records.close()
        return sitting.id

    return asyncio.run(sit())


def test_an_appeal_is_answered_where_it_was_made(database: Path, ann: StudentAtResult) -> None:
    sitting = _sit(database)
    _release(database, sitting)
    ann.enter(invite(database, "ann"))
    ann.get()
    page = ann.appeal(sitting, "I said <b>oxygen</b>, too.", "q1").text
    assert "Your appeal is with your teacher." in page
    assert "I said &lt;b&gt;oxygen&lt;/b&gt;, too." in page
    assert "has not answered yet" in page

    async def reply(store: DeskStore) -> None:
        root = (await store.teachers())[0]
        ((made, place),) = await store.appeals(root)
        assert (made.question_id, place.sitting_id) == ("q1", sitting)
        await store.answer_appeal(made.id, "You did; see the new mark.", "root")

    on_desk(database, reply)
    page = ann.get().text
    assert "You did; see the new mark." in page
    assert "has not answered yet" not in page
    assert _broken(database, sitting) == []


@pytest.mark.parametrize(
    ("text", "question", "told"),
    [
        (" \n ", "q1", "the field is empty"),
        ("x" * 2001, "q1", "at most 2000 characters"),
        ("Why?", "q9", "not in this exam"),
    ],
)
def test_an_appeal_that_cannot_be(
    database: Path, ann: StudentAtResult, text: str, question: str, told: str
) -> None:
    sitting = _sit(database)
    _release(database, sitting)
    ann.enter(invite(database, "ann"))
    ann.get()
    answer = ann.appeal(sitting, text, question)
    assert answer.status_code == 409
    assert told in answer.text


def test_one_appeal_of_a_question_waits_at_a_time(database: Path, ann: StudentAtResult) -> None:
    sitting = _sit(database)
    _release(database, sitting)
    ann.enter(invite(database, "ann"))
    ann.get()
    assert ann.appeal(sitting, "ü" * 2000, "q1").status_code == 200
    again = ann.appeal(sitting, "And again.", "q1")
    assert again.status_code == 409
    assert "with your teacher already" in again.text
    assert ann.appeal(sitting, "Another question.", "q2").status_code == 200
    assert ann.appeal(sitting, "All of it.").status_code == 200


def test_a_practice_shows_what_was_missing_and_no_marks(
    database: Path, ann: StudentAtResult
) -> None:
    sitting = _sit(database, marked=False, mode="learn")
    ann.enter(invite(database, "ann"))
    page = ann.get().text
    assert "it uses oxygen" in page
    assert " marks" not in page
    assert "Appeal" not in page
    assert ann.appeal(sitting, "Please.", "q1").status_code == 409
    assert "it uses oxygen" not in ann.client.get("/result").text


def test_a_result_can_be_closed(database: Path, ann: StudentAtResult) -> None:
    _release(database, _sit(database))
    ann.enter(invite(database, "ann"))
    ann.get()
    assert ann.client.post("/result/close", data={"csrf": ann.csrf}).status_code == 200
    assert ann.get().status_code == 401

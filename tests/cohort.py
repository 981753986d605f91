"""A small cohort on a record: what was sat, marked, and marked anew by a corrected key."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import yaml
from sqlalchemy import update

from exam_graph.paper import Paper
from records import chain
from records.engine import open_engine, writing
from records.grading_store import GradingStore
from records.marking import Mark
from records.model import AnswerRecord, TurnRecord
from records.schema import appeals, overrides, sittings
from records.store import Records

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUESTIONS: list[dict[str, object]] = [
    {
        "id": "q1",
        "kind": "open",
        "ask": "What does a mitochondrion do?",
        "marks": 3,
        "points": [
            {"id": "atp", "marks": 1, "looks_for": "it makes ATP"},
            {"id": "air", "marks": 2, "looks_for": "it uses oxygen"},
        ],
    },
    {
        "id": "q2",
        "kind": "choice",
        "ask": "Which one is green?",
        "marks": 1,
        "options": ["mitochondrion", "chloroplast"],
        "correct": ["A"],
    },
]
PAPER = {
    "id": "cells",
    "title": "Cells",
    "duration_minutes": 10,
    "questions": QUESTIONS,
}


def mark(question_id: str, marks: float | None, graders: tuple[float, ...] = ()) -> Mark:
    """Of q1 the point `atp` is reached first."""
    position = ["q1", "q2"].index(question_id)
    exact: list[dict[str, object]] = [{"id": "answer", "marks": marks, "out_of": 1}]
    points = _points(marks) if question_id == "q1" else exact
    return Mark(
        question_id=question_id,
        position=position,
        state="ungraded" if marks is None else "graded",
        marks=marks,
        out_of=(3, 1)[position],
        spread=None,
        provisional=False,
        points=[] if marks is None else points,
        flags=[],
        graders=[
            {
                "name": f"grader {number}",
                "model": f"model/{number}",
                "round": 1,
                "marks": given,
                "points": _points(given),
            }
            for number, given in enumerate(graders)
        ],
        paper_hash="hash",
        answer_hash="hash",
    )


def _points(marks: float | None) -> list[dict[str, object]]:
    first = min(marks or 0, 1)
    return [
        {"id": "atp", "marks": first, "out_of": 1},
        {"id": "air", "marks": (marks or 0) - first, "out_of": 2},
    ]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[GradingStore]:
    gradings = await GradingStore.open(url)
    yield gradings
    await gradings.close()


async def sit(
    url: str,
    *users: str,
    paper: Mapping[str, object] | None = None,
    said: str = "It makes ATP.",
) -> dict[str, str]:
    """A closed sitting of each, by user."""
    records = await Records.open(url)
    sat = Paper.model_validate(paper or PAPER)
    await records.publish_paper(sat.id, sat.to_dict(), sat.content_hash)
    there = {}
    for user in users:
        sitting, _ = await records.open_sitting(
            user_id=user,
            exam_id=sat.id,
            consent={"recording": False, "text_version": "1"},
            profile={},
            invitation=None,
        )
        lease = await records.claim(sitting.id, "worker")
        turn = TurnRecord(
            number=0,
            event={"type": "student_spoke"},
            understood=None,
            question_id="q1",
            answers_question=True,
            text=said,
            confidence=None,
            words=[],
            at=NOW,
            used_ms=0,
            answers=[
                AnswerRecord("q1", 0, "answered"),
                AnswerRecord("q2", 1, "answered", value="B"),
            ],
            status="finished",
        )
        await records.commit_turn(sitting.id, lease.fence, turn)
        there[user] = sitting.id
    await records.close()
    return there


async def grade(url: str, given: Mapping[str, tuple[Mark, ...]]) -> None:
    """Work off what waits, of these sittings."""
    async with opened(url) as gradings:
        while taken := await gradings.claim("grader", only=given):
            _, lease = taken
            await gradings.finish(
                lease, given[lease.sitting_id], [], provisional=False, settings={}
            )


async def holding(url: str, sitting_id: str) -> tuple[int, list[float | None]]:
    """The version whose marks hold, and these."""
    async with opened(url) as gradings:
        (current,) = [each for each in await gradings.gradings(sitting_id) if each.current]
        return current.version, [one.marks for one in await gradings.marks(current.id)]


async def override(url: str, sitting_id: str, marks: float) -> None:
    engine = open_engine(url)
    async with writing(engine) as connection:
        await connection.execute(
            overrides.insert().values(
                sitting_id=sitting_id,
                question_id="q1",
                old_marks=1,
                new_marks=marks,
                reason="She said so.",
                teacher="eve",
                at=NOW,
            )
        )
    await engine.dispose()


async def appeal(url: str, sitting_id: str, text: str) -> None:
    engine = open_engine(url)
    async with writing(engine) as connection:
        made = await connection.execute(
            appeals.insert().values(sitting_id=sitting_id, text=text, at=NOW, state="open")
        )
        key = made.inserted_primary_key
        assert key is not None
        await chain.add(connection, sitting_id, "appeal", key[0])
    await engine.dispose()


async def release(url: str, sitting_id: str) -> None:
    engine = open_engine(url)
    async with writing(engine) as connection:
        await connection.execute(
            update(sittings).where(sittings.c.id == sitting_id).values(released_at=NOW)
        )
    await engine.dispose()


async def regraded(url: str) -> dict[str, str]:
    """ann and bob marked, then anew by another key: bob by two more, ann by one."""
    there = await sit(url, "ann", "bob")
    marks = {
        there["ann"]: (mark("q1", 2), mark("q2", 0)),
        there["bob"]: (mark("q1", 1), mark("q2", 0)),
    }
    await grade(url, marks)
    async with opened(url) as gradings:
        for sitting_id in there.values():
            await gradings.ask_for(sitting_id, "regraded", by="eve", paper=corrected().to_dict())
    marks = {
        there["ann"]: (mark("q1", 2), mark("q2", 1)),
        there["bob"]: (mark("q1", 2), mark("q2", 1)),
    }
    await grade(url, marks)
    return there


def corrected(**changes: object) -> Paper:
    """The paper with the right answer to q2, and whatever else is changed in that question."""
    return Paper.model_validate(corrected_content(**changes))


def corrected_content(**changes: object) -> dict[str, object]:
    first, second = QUESTIONS
    return PAPER | {"questions": [first, second | {"correct": ["B"]} | changes]}


def key_file(folder: Path, **changes: object) -> Path:
    """The corrected paper as a file."""
    file = folder / "cells.yaml"
    file.write_text(yaml.safe_dump(corrected_content(**changes)))
    return file

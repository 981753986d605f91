"""A school in a database: sittings of one exam with turns, marks, costs and a chain, made up."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, create_engine, insert

from records import schema
from records.engine import SYNC_DRIVERS, parse
from records.migrate import migrate

EXAM = "cells"
BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_WORDS = "the cell frees energy by respiration and keeps it in a molecule called ATP".split()  # noqa: SIM905
_FLAGS: tuple[list[str], ...] = (
    [],
    [],
    [],
    ["low_confidence"],
    ["graders_disagree"],
    ["address", "low_confidence"],
)
_BATCH = 100

Row = dict[str, Any]


@dataclass(frozen=True)
class School:
    """How large it is. The same seed makes the same school."""

    sittings: int = 1000
    questions: int = 5
    turns: int = 12
    provisional: bool = False
    seed: int = 1


def build(url: str, school: School) -> None:
    """Fill an empty database, whose tables are made here."""
    migrate(url)
    parsed = parse(url)
    engine = create_engine(parsed.set(drivername=SYNC_DRIVERS[parsed.get_backend_name()]))
    chance = random.Random(school.seed)
    content = paper(school.questions)
    with engine.begin() as connection:
        connection.execute(
            insert(schema.papers).values(
                exam_id=EXAM, content=content, hash="paper-hash", published_at=BEGIN
            )
        )
        for begin in range(0, school.sittings, _BATCH):
            rows: dict[str, list[Row]] = {}
            for number in range(begin, min(begin + _BATCH, school.sittings)):
                for table, row in _sitting(number, school, content, chance):
                    rows.setdefault(table.name, []).append(row)
            for name, each in rows.items():
                connection.execute(insert(schema.metadata.tables[name]), each)
    engine.dispose()


def paper(questions: int) -> Row:
    """As `exam_graph` writes one."""
    return {
        "id": EXAM,
        "title": "Cell biology",
        "language": "en",
        "mode": "exam",
        "duration_minutes": 12,
        "questions": [
            {
                "id": f"q{number}",
                "kind": "open",
                "ask": f"Question {number}: how does the cell do it?",
                "marks": 4.0,
                "points": [
                    {"id": name, "marks": 2.0, "looks_for": f"it {name}s", "probe": "How so?"}
                    for name in ("store", "release")
                ],
                "follow_ups": 1,
                "model_answer": " ".join(_WORDS * 3),
                "hints": [],
            }
            for number in range(1, questions + 1)
        ],
    }


def _sitting(
    number: int, school: School, content: Row, chance: random.Random
) -> Iterator[tuple[Table, Row]]:
    name, began = f"{number:032x}", BEGIN + timedelta(minutes=number)
    able = chance.betavariate(4, 2)
    yield (
        schema.sittings,
        {
            "id": name,
            "user_id": f"student-{number:04}",
            "exam_id": EXAM,
            "room_name": f"exam-student-{number:08x}",
            "paper": content,
            "paper_hash": "paper-hash",
            "profile": {},
            "consent": {"recording": True, "text_version": "1"},
            "seed": number,
            "status": "finished",
            "fence": 1,
            "flags": ["probe_missed"] if chance.random() < 0.05 else [],
            "invitation": None,
            "created_at": began,
            "started_at": began,
            "finished_at": began + timedelta(minutes=11),
            "released_at": began + timedelta(days=3) if number % 3 == 0 else None,
        },
    )
    yield from _turns(name, began, school, chance)
    yield from _grading(name, began, school, able, chance)
    yield (
        schema.costs,
        {
            "sitting_id": name,
            "key": "stt",
            "part": "exam",
            "unit": "stt_seconds",
            "provider": "deepgram",
            "model": "flux",
            "quantity": 610.0,
            "price": 0.0001,
            "currency": "USD",
            "prices_of": "2026-01-01",
            "at": began,
        },
    )
    yield schema.links, _link(name, began)


def _turns(
    name: str, began: datetime, school: School, chance: random.Random
) -> Iterator[tuple[Table, Row]]:
    used = 0
    for turn in range(school.turns):
        used += chance.randrange(20_000, 90_000)
        at = began + timedelta(milliseconds=used)
        question = f"q{1 + turn * school.questions // school.turns}"
        said = [chance.choice(_WORDS) for _ in range(35)]
        yield (
            schema.turns,
            {
                "sitting_id": name,
                "number": turn,
                "event": {"type": "student_spoke", "text": " ".join(said), "confidence": 0.9},
                "understood": {"intent": "answer"},
                "question_id": question,
                "answers_question": True,
                "revises": False,
                "text": " ".join(said),
                "confidence": 0.9,
                "words": [
                    {"word": word, "start_ms": 300 * i, "end_ms": 300 * i + 250, "confidence": 0.9}
                    for i, word in enumerate(said)
                ],
                "at": at,
                "used_ms": used,
                "answers": [],
                "flags": [],
                "status": None,
                "clears_draft": True,
            },
        )
        yield (
            schema.utterances,
            {
                "sitting_id": name,
                "turn": turn,
                "position": 0,
                "kind": "question",
                "text": "How does the cell do it?",
                "say": "How does the cell do it?",
                "authored": True,
                "question_id": question,
                "started_at": at + timedelta(milliseconds=chance.randrange(150, 900)),
                "heard_ms": 2000,
                "whole": True,
            },
        )
    for position in range(school.questions):
        yield (
            schema.answers,
            {
                "sitting_id": name,
                "question_id": f"q{position + 1}",
                "position": position,
                "status": "answered",
                "covered": ["store"],
                "probes": [],
                "flags": [],
                "value": None,
            },
        )


def _grading(
    name: str, began: datetime, school: School, able: float, chance: random.Random
) -> Iterator[tuple[Table, Row]]:
    yield (
        schema.gradings,
        {
            "id": name,
            "sitting_id": name,
            "version": 1,
            "reason": "closed",
            "questions": None,
            "requested_by": None,
            "state": "done",
            "current": True,
            "provisional": school.provisional,
            "settings": {"models": ["one", "two", "three"]},
            "tries": 1,
            "fence": 1,
            "holder": None,
            "beat": 3,
            "created_at": began,
            "not_before": None,
            "finished_at": began + timedelta(minutes=15),
        },
    )
    for position in range(school.questions):
        given = [min(2.0, max(0.0, round(2 * chance.gauss(able, 0.3)))) for _ in range(2)]
        is_graded = chance.random() > 0.02
        points = [
            {
                "id": point,
                "marks": marks,
                "out_of": 2.0,
                "quotes": [{"text": " ".join(_WORDS), "turn": position}],
                "reason": "The answer says so in its own words, and says how it comes about.",
            }
            for point, marks in zip(("store", "release"), given, strict=True)
        ]
        yield (
            schema.marks,
            {
                "grading_id": name,
                "question_id": f"q{position + 1}",
                "sitting_id": name,
                "position": position,
                "state": "graded" if is_graded else "ungraded",
                "marks": sum(given) if is_graded else None,
                "out_of": 4.0,
                "spread": 1.0,
                "provisional": school.provisional,
                "points": points if is_graded else [],
                "flags": list(chance.choice(_FLAGS)) if is_graded else ["grader_failed"],
                "graders": [
                    {"name": each, "model": each, "state": "good", "round": 1, "points": points}
                    for each in ("one", "two", "three")
                ],
                "paper_hash": "paper-hash",
                "answer_hash": "0" * 64,
            },
        )
    if chance.random() < 0.1:
        yield schema.overrides, _override(name, began)


def _override(name: str, began: datetime) -> Row:
    return {
        "sitting_id": name,
        "question_id": "q1",
        "grading_id": name,
        "old_marks": 2.0,
        "new_marks": 3.0,
        "reason": "=She said it in other words, in the third turn",
        "teacher": "miller",
        "at": began + timedelta(days=1),
    }


def _link(name: str, began: datetime) -> Row:
    return {
        "sitting_id": name,
        "position": 0,
        "kind": "sitting",
        "subject": "",
        "digest": name * 2,
        "link": name * 2,
        "at": began,
    }

"""Sittings to be marked, out of a few words: a paper, and turns with what was said in them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from exam_graph.paper import Paper
from records.answers import view_answer
from records.marking import Material
from records.model import AnswerRecord, Sitting, TurnRecord, UtteranceRecord

PAPER: dict[str, Any] = {
    "id": "cells",
    "title": "Cells, oral",
    "duration_minutes": 12,
    "questions": [
        {
            "id": "mitochondria",
            "kind": "open",
            "ask": "How does a mitochondrion serve the cell?",
            "marks": 4,
            "points": [
                {"id": "atp", "marks": 2, "looks_for": "produces ATP"},
                {"id": "respiration", "marks": 2, "looks_for": "by cellular respiration"},
            ],
        },
        {
            "id": "charge",
            "kind": "choice",
            "ask": "Which particle carries a negative charge?",
            "marks": 1,
            "options": ["Proton", "Electron"],
            "correct": "B",
        },
        {
            "id": "speed",
            "kind": "short",
            "ask": "How fast is it after two seconds?",
            "marks": 2,
            "value": 20,
            "tolerance": 0.5,
            "unit": "m/s",
        },
    ],
}
_START = datetime(2026, 5, 4, 9, tzinfo=UTC)


def paper(language: str = "en") -> Paper:
    return Paper.from_dict({**PAPER, "language": language})


def turn(number: int, question_id: str, said: str | dict[str, Any]) -> TurnRecord:
    """`said`: the words, or the fields of a turn; a word is {"word", "confidence"}."""
    fields: dict[str, Any] = {"text": said} if isinstance(said, str) else dict(said)
    intent = fields.pop("intent", "answer")
    told = [
        UtteranceRecord(position, utterance["kind"], utterance["text"], "", True, question_id)
        for position, utterance in enumerate(fields.pop("told", ()))
    ]
    plain: dict[str, Any] = {
        "number": number,
        "event": {"kind": "student_spoke"},
        "understood": {"intent": intent},
        "question_id": question_id,
        "answers_question": bool(fields["text"]) and not fields.get("revises"),
        "confidence": 0.95,
        "words": [],
        "at": _START + timedelta(seconds=10 * number),
        "used_ms": 10_000 * number,
        "utterances": told,
    }
    return TurnRecord(**(plain | fields))


def material(
    said: Sequence[str | dict[str, Any]] = (),
    *,
    question: str = "mitochondria",
    status: str | None = "answered",
    value: str | None = None,
    flags: Sequence[str] = (),
    sitting: str = "finished",
    asked: bool = True,
    corrected: Sequence[int] = (),
    language: str = "en",
) -> Material:
    """A sitting whose one answer is this; `status` None: the record has no row of it."""
    asks = UtteranceRecord(0, "question", "…", "", True, question)
    first = turn(0, question, {"text": "", "utterances": [asks]})
    turns = [first] if asked else []
    turns += [turn(number, question, each) for number, each in enumerate(said, 1)]
    answer = AnswerRecord(question, 0, status or "open", flags=[*flags], value=value)  # type: ignore[arg-type]
    content = {**PAPER, "language": language}
    content["questions"] = [each for each in PAPER["questions"] if each["id"] == question]
    of = Sitting(
        id="5" * 32,
        user_id="ada",
        exam_id="cells",
        room_name="exam-ada-00000000",
        paper=Paper.from_dict(content).to_dict(),
        paper_hash="paper-hash",
        profile={},
        consent={},
        seed=1,
        status=sitting,  # type: ignore[arg-type]
        fence=1,
        flags=[],
        invitation=None,
        created_at=_START,
        started_at=_START,
        finished_at=_START,
    )
    answers = [view_answer(answer, turns)] if status else []
    return Material(of, turns, answers, frozenset(corrected))

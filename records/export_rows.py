"""A result as rows of a table, and as JSON."""

from collections.abc import Iterator
from typing import Any

from records.export_results import Answered, Paid, Result

TOTAL_COLUMNS = (
    "sitting",
    "user_id",
    "exam_id",
    "state",
    "marks",
    "out_of",
    "provisional",
    "ungraded",
    "overridden",
    "flags",
    "sitting_flags",
    "started_at",
    "finished_at",
    "released_at",
    "grading_version",
    "costs",
    "chain_links",
    "chain_head",
)
COLUMNS = (
    "sitting",
    "user_id",
    "exam_id",
    "state",
    "question",
    "position",
    "answer",
    "marks",
    "out_of",
    "provisional",
    "graded",
    "original_marks",
    "overridden",
    "override_reason",
    "override_by",
    "override_at",
    "flags",
    "sitting_marks",
    "sitting_out_of",
    "sitting_flags",
    "started_at",
    "finished_at",
    "released_at",
    "grading_version",
    "paper_hash",
    "costs",
    "chain_links",
    "chain_head",
)


def total_row(result: Result) -> list[Any]:
    """In the order of TOTAL_COLUMNS. Without marks it is empty, not 0, where a sum would be."""
    flags = dict.fromkeys(flag for answer in result.answers for flag in answer.mark.flags)
    return [
        result.sitting_id,
        result.user_id,
        result.exam_id,
        result.status,
        result.total,
        result.out_of or None,
        result.provisional,
        sum(answer.mark.marks is None for answer in result.answers),
        sum(answer.mark.overridden for answer in result.answers),
        " ".join(flags),
        " ".join(result.flags),
        result.started_at,
        result.finished_at,
        result.released_at,
        result.version,
        spent(result.paid),
        result.links,
        result.head,
    ]


def rows(result: Result) -> Iterator[list[Any]]:
    """One for each question, in the order of COLUMNS; one without a question if none is marked."""
    each: list[Answered | None] = [*result.answers] or [None]
    for answer in each:
        cells = _sitting(result) | (_answer(answer) if answer else {"graded": False})
        yield [cells.get(column) for column in COLUMNS]


def spent(paid: Paid) -> str:
    """`0.0612 USD`, and how much of it has no price."""
    parts = [f"{amount:.4f} {currency}" for currency, amount in paid.amounts.items()]
    return "; ".join([*parts, *([f"{paid.unpriced} without a price"] if paid.unpriced else [])])


def as_json(result: Result) -> dict[str, Any]:
    return {
        "sitting": result.sitting_id,
        "user_id": result.user_id,
        "exam_id": result.exam_id,
        "state": result.status,
        "marks": result.total,
        "out_of": result.out_of,
        "provisional": result.provisional,
        "flags": result.flags,
        "created_at": result.created_at.isoformat(),
        **{name: _moment(getattr(result, name)) for name in _TIMES},
        "grading_version": result.version,
        "paper_hash": result.paper_hash,
        "costs": {"amounts": result.paid.amounts, "without_a_price": result.paid.unpriced},
        "chain": {"links": result.links, "head": result.head},
        "questions": [_question(answer) for answer in result.answers],
    }


_TIMES = ("started_at", "finished_at", "released_at")


def _sitting(result: Result) -> dict[str, Any]:
    return {
        "sitting": result.sitting_id,
        "user_id": result.user_id,
        "exam_id": result.exam_id,
        "state": result.status,
        "provisional": result.provisional,
        "sitting_marks": result.total,
        "sitting_out_of": result.out_of or None,
        "sitting_flags": " ".join(result.flags),
        **{name: getattr(result, name) for name in _TIMES},
        "grading_version": result.version,
        "paper_hash": result.paper_hash,
        "costs": spent(result.paid),
        "chain_links": result.links,
        "chain_head": result.head,
    }


def _answer(answer: Answered) -> dict[str, Any]:
    mark, word = answer.mark, answer.override
    return {
        "question": mark.question_id,
        "position": mark.position + 1,
        "answer": answer.status,
        "marks": mark.marks,
        "out_of": mark.out_of,
        "provisional": mark.provisional,
        "graded": mark.marks is not None,
        "original_marks": mark.mark.marks if mark.mark else None,
        "overridden": mark.overridden,
        "override_reason": word.reason if word else None,
        "override_by": word.teacher if word else None,
        "override_at": word.at if word else None,
        "flags": " ".join(mark.flags),
    }


def _question(answer: Answered) -> dict[str, Any]:
    cells = _answer(answer)
    return cells | {
        "flags": answer.mark.flags,
        "override_at": _moment(cells["override_at"]),
        "points": answer.mark.mark.points if answer.mark.mark else [],
    }


def _moment(value: Any) -> str | None:
    return value.isoformat() if value is not None else None

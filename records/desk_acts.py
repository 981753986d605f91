"""What a teacher does to a sitting. Each act is written with who and when, and tied into the chain.

All run inside a writing transaction, and lock the sitting first.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CursorResult, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from records import chain, gradings
from records import turns as commits
from records.desk_queue import marks_of
from records.errors import AppealRefused, MarkRefused, UnknownSitting
from records.grading_store import read_material
from records.schema import answers, appeals, corrections, overrides
from records.schema import gradings as gradings_table


async def override(
    connection: AsyncConnection,
    sitting_id: str,
    question_id: str,
    marks: float,
    reason: str,
    teacher: str,
) -> None:
    """Give an answer another mark; the old ones stay. Raises MarkRefused, UnknownSitting."""
    await commits.hold(connection, sitting_id)
    held = (await marks_of(connection, [sitting_id])).get(sitting_id, [])
    before = next((each for each in held if each.question_id == question_id), None)
    if before is None:
        raise MarkRefused("This question has not been marked yet.")
    if not math.isfinite(marks) or not 0 <= marks <= before.out_of:
        raise MarkRefused(f"The mark must be from 0 to {before.out_of:g}.")
    if not reason.strip():
        raise MarkRefused("A mark is changed for a reason: say which.")
    current = await connection.scalar(
        select(gradings_table.c.id).where(
            gradings_table.c.sitting_id == sitting_id, gradings_table.c.current
        )
    )
    made = await connection.execute(
        insert(overrides).values(
            sitting_id=sitting_id,
            question_id=question_id,
            grading_id=current,
            old_marks=before.marks,
            new_marks=marks,
            reason=reason.strip(),
            teacher=teacher,
            at=datetime.now(UTC),
        )
    )
    await chain.add(connection, sitting_id, "override", _key(made))


async def correct(
    connection: AsyncConnection,
    sitting_id: str,
    turn: int,
    new_text: str,
    reason: str,
    teacher: str,
) -> None:
    """Say what was really said in a turn, and have its answer marked again.

    Raises MarkRefused, UnknownSitting.
    """
    held = await commits.hold(connection, sitting_id)
    _refuse_unless_over(held.status)
    material = await read_material(connection, sitting_id)
    said = next((each for each in material.turns if each.number == turn and each.text), None)
    if said is None:
        raise MarkRefused("The student said nothing there that could be corrected.")
    text = " ".join(new_text.split())
    if not text or text == said.text:
        raise MarkRefused("Write what was really said, other than it stands.")
    made = await connection.execute(
        insert(corrections).values(
            sitting_id=sitting_id,
            turn=turn,
            old_text=said.text,
            new_text=text,
            reason=reason.strip(),
            teacher=teacher,
            at=datetime.now(UTC),
        )
    )
    await chain.add(connection, sitting_id, "correction", _key(made))
    questions = [said.question_id] if said.question_id else None
    await gradings.ask_for(connection, sitting_id, "corrected", questions=questions, by=teacher)


async def ask_again(
    connection: AsyncConnection, sitting_id: str, questions: Sequence[str], teacher: str
) -> None:
    """Have these answers marked again; all, where none are named.

    Raises MarkRefused, UnknownSitting.
    """
    held = await commits.hold(connection, sitting_id)
    _refuse_unless_over(held.status)
    asked = await connection.scalars(
        select(answers.c.question_id).where(answers.c.sitting_id == sitting_id)
    )
    if not set(questions) <= set(asked):
        raise MarkRefused("This exam had no such question.")
    await gradings.ask_for(
        connection, sitting_id, "asked_again", questions=list(questions) or None, by=teacher
    )


async def answer_appeal(
    connection: AsyncConnection, appeal_id: int, reply: str, teacher: str
) -> None:
    """Raises AppealRefused when it was answered already, or nothing is said."""
    found = await connection.execute(
        select(appeals.c.sitting_id, appeals.c.state).where(appeals.c.id == appeal_id)
    )
    row = found.one_or_none()
    if row is None:
        raise UnknownSitting("There is no such appeal.")
    await commits.hold(connection, row.sitting_id)
    if not reply.strip():
        raise AppealRefused("Write an answer: the student reads it.")
    changed = await connection.execute(
        update(appeals)
        .where(appeals.c.id == appeal_id, appeals.c.state == "open")
        .values(
            state="answered", reply=reply.strip(), teacher=teacher, answered_at=datetime.now(UTC)
        )
    )
    if changed.rowcount == 0:
        raise AppealRefused("This appeal has been answered already.")
    await chain.add(connection, row.sitting_id, "appeal", appeal_id)


def _refuse_unless_over(status: str) -> None:
    if status not in ("finished", "abandoned"):
        raise MarkRefused("The exam is not over yet.")


def _key(made: CursorResult[Any]) -> int:
    key = made.inserted_primary_key
    assert key is not None
    return int(key[0])

"""What a student may see of their own sittings, and their word against a mark.

An invitation names the student and the exam; nothing here reaches beyond these two.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from records import chain
from records import sittings as opening
from records import turns as commits
from records.desk_queue import marks_of
from records.desk_sitting import Appeal
from records.effective import EffectiveMark, total
from records.engine import reading, writing
from records.errors import AppealRefused, UnknownSitting
from records.grading_store import read_material
from records.marking import Material
from records.model import Invitation, Sitting
from records.schema import appeals, invitations, sittings

LONGEST_APPEAL = 2000
"""In characters."""
MOST_APPEALS = 50
"""Of one sitting, answered ones included."""
OVER = ("finished", "abandoned")

ResultState = Literal["under_way", "practice", "not_marked", "not_released", "released"]


@dataclass(frozen=True)
class Attempt:
    """One sitting of the student's and what there is to see of it."""

    sitting_id: str
    state: ResultState
    began_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Result:
    """A sitting that is over. Unless it is released, there are no marks, answers or appeals in it
    (of a practice, which nobody marks, the answers)."""

    attempt: Attempt
    title: str
    material: Material | None = None
    marks: list[EffectiveMark] = field(default_factory=list)
    total: float | None = None
    appeals: list[Appeal] = field(default_factory=list)


class Results:
    """On one database, beside the other stores. Every method may raise RecordsUnavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def invitation(self, jti: str) -> Invitation | None:
        """None for an unknown one and for one that was withdrawn: it shows nothing."""
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(invitations).where(
                    invitations.c.jti == jti, invitations.c.revoked_at.is_(None)
                )
            )
            row = found.one_or_none()
            return Invitation(**row._mapping) if row else None

    async def attempts(self, invitation: Invitation) -> list[Attempt]:
        """Every sitting of this student and exam, the newest first."""
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(sittings)
                .where(
                    sittings.c.user_id == invitation.user_id,
                    sittings.c.exam_id == invitation.exam_id,
                )
                .order_by(sittings.c.created_at.desc(), sittings.c.id)
            )
            own = [opening.sitting_from(row) for row in found]
            marked = await marks_of(connection, [each.id for each in own])
            return [_attempt(each, total(marked.get(each.id, []))) for each in own]

    async def result(self, invitation: Invitation, sitting_id: str) -> Result:
        """Raises UnknownSitting, also for a sitting of another student or exam."""
        async with reading(self._engine) as connection:
            await _own(connection, invitation, sitting_id)
            material = await read_material(connection, sitting_id)
            marks = (await marks_of(connection, [sitting_id])).get(sitting_id, [])
            attempt = _attempt(material.sitting, total(marks))
            title = str(material.sitting.paper.get("title", material.sitting.exam_id))
            if attempt.state == "practice":
                return Result(attempt, title, material)
            if attempt.state != "released":
                return Result(attempt, title)
            found = await connection.execute(
                select(appeals).where(appeals.c.sitting_id == sitting_id).order_by(appeals.c.id)
            )
            given = [Appeal(**row._mapping) for row in found]
            return Result(attempt, title, material, marks, total(marks), given)

    async def appeal(
        self, invitation: Invitation, sitting_id: str, question_id: str | None, text: str
    ) -> None:
        """Against the mark of a question, or (None) the whole. Raises AppealRefused,
        UnknownSitting."""
        words = text.replace("\r\n", "\n").strip()
        if not words:
            raise AppealRefused("Write what you want to say: the field is empty.")
        if len(words) > LONGEST_APPEAL:
            raise AppealRefused(f"This is too long: at most {LONGEST_APPEAL} characters, please.")
        async with writing(self._engine) as connection:
            await _own(connection, invitation, sitting_id)
            await commits.hold(connection, sitting_id)
            await _check(connection, sitting_id, question_id)
            made = await connection.execute(
                insert(appeals).values(
                    sitting_id=sitting_id,
                    question_id=question_id,
                    text=words,
                    at=datetime.now(UTC),
                    state="open",
                )
            )
            key = made.inserted_primary_key
            assert key is not None
            await chain.add(connection, sitting_id, "appeal", int(key[0]))


async def _own(connection: AsyncConnection, invitation: Invitation, sitting_id: str) -> None:
    found = await connection.scalar(
        select(sittings.c.id).where(
            sittings.c.id == sitting_id,
            sittings.c.user_id == invitation.user_id,
            sittings.c.exam_id == invitation.exam_id,
        )
    )
    if found is None:
        raise UnknownSitting("There is no such sitting of this student.")


async def _check(connection: AsyncConnection, sitting_id: str, question_id: str | None) -> None:
    """Under the sitting's lock: two forms sent at once do not both come through."""
    released = await connection.scalar(
        select(sittings.c.released_at).where(sittings.c.id == sitting_id)
    )
    if released is None:
        raise AppealRefused("There is no result yet that an appeal could be about.")
    marked = (await marks_of(connection, [sitting_id])).get(sitting_id, [])
    if question_id is not None and question_id not in {each.question_id for each in marked}:
        raise AppealRefused("That question is not in this exam.")
    same = (
        appeals.c.question_id.is_(None)
        if question_id is None
        else (appeals.c.question_id == question_id)
    )
    own = select(func.count()).where(appeals.c.sitting_id == sitting_id)
    if await connection.scalar(own.where(same, appeals.c.state == "open")):
        raise AppealRefused("Your appeal is with your teacher already: wait for the answer.")
    if (await connection.scalar(own) or 0) >= MOST_APPEALS:
        raise AppealRefused("There are very many appeals already: please talk to your teacher.")


def _attempt(sitting: Sitting, marks: float | None) -> Attempt:
    return Attempt(sitting.id, _state(sitting, marks), sitting.created_at, sitting.finished_at)


def _state(sitting: Sitting, marks: float | None) -> ResultState:
    if sitting.status not in OVER:
        return "under_way"
    if sitting.paper.get("mode") == "learn":
        return "practice"
    if marks is None:
        return "not_marked"
    return "released" if sitting.released_at is not None else "not_released"

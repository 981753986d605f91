"""Teachers: who they are, which exams are theirs, and whether a password is."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import argon2
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from records.errors import TeacherExists, UnknownTeacher
from records.schema import exam_teachers, teachers

PASSWORD_LENGTH = 10
"""The least number of characters of a password."""
NAME_LENGTH = 64

_hasher = argon2.PasswordHasher()
#: Compared with for a name that nobody has, so that it takes as long as one that somebody has.
_NOBODY = _hasher.hash(uuid.uuid4().hex)


@dataclass(frozen=True)
class Teacher:
    """`exams`: the ids of their own; an `admin` sees all. `session`: sign-ins of an older number
    are over."""

    id: str
    name: str
    admin: bool
    session: int
    disabled: bool
    exams: frozenset[str]

    def may_see(self, exam_id: str) -> bool:
        return self.admin or exam_id in self.exams


async def add(
    connection: AsyncConnection, name: str, password: str, *, admin: bool, exams: list[str]
) -> None:
    """Raises TeacherExists."""
    teacher_id = uuid.uuid4().hex
    try:
        await connection.execute(
            insert(teachers).values(
                id=teacher_id,
                name=name,
                password_hash=_hasher.hash(password),
                admin=admin,
                session=0,
                created_at=datetime.now(UTC),
            )
        )
    except IntegrityError:
        raise TeacherExists(f"There is a teacher {name!r} already.") from None
    await _set_exams(connection, teacher_id, exams)


async def all_of_them(connection: AsyncConnection) -> list[Teacher]:
    """By their names."""
    own: dict[str, set[str]] = {}
    for row in await connection.execute(select(exam_teachers)):
        own.setdefault(row.teacher_id, set()).add(row.exam_id)
    found = await connection.execute(select(teachers).order_by(teachers.c.name))
    return [_teacher(row, own.get(row.id, set())) for row in found]


async def by_id(connection: AsyncConnection, teacher_id: str) -> Teacher | None:
    found = await connection.execute(select(teachers).where(teachers.c.id == teacher_id))
    row = found.one_or_none()
    if row is None:
        return None
    exams = await connection.execute(
        select(exam_teachers.c.exam_id).where(exam_teachers.c.teacher_id == teacher_id)
    )
    return _teacher(row, {each.exam_id for each in exams})


async def secret_of(connection: AsyncConnection, name: str) -> tuple[str | None, str]:
    """The id of the teacher of that name (None: there is none) and what to check a password by."""
    found = await connection.execute(
        select(teachers.c.id, teachers.c.password_hash).where(
            teachers.c.name == name, teachers.c.disabled_at.is_(None)
        )
    )
    row = found.one_or_none()
    return (row.id, row.password_hash) if row else (None, _NOBODY)


def is_password(password: str, kept: str) -> bool:
    """Takes a good part of a second of CPU, on purpose: not for the event loop."""
    try:
        return _hasher.verify(kept, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


async def change(
    connection: AsyncConnection,
    name: str,
    *,
    password: str | None = None,
    disabled: bool | None = None,
    exams: list[str] | None = None,
) -> None:
    """Change what is given; all sign-ins are over then. Raises UnknownTeacher."""
    found = await connection.execute(select(teachers.c.id).where(teachers.c.name == name))
    row = found.one_or_none()
    if row is None:
        raise UnknownTeacher(f"There is no teacher {name!r}.")
    values: dict[str, object] = {"session": teachers.c.session + 1}
    if password is not None:
        values["password_hash"] = _hasher.hash(password)
    if disabled is not None:
        values["disabled_at"] = datetime.now(UTC) if disabled else None
    await connection.execute(update(teachers).where(teachers.c.id == row.id).values(values))
    if exams is not None:
        await _set_exams(connection, row.id, exams)


async def _set_exams(connection: AsyncConnection, teacher_id: str, exams: list[str]) -> None:
    await connection.execute(delete(exam_teachers).where(exam_teachers.c.teacher_id == teacher_id))
    if exams:
        rows = [{"exam_id": exam, "teacher_id": teacher_id} for exam in dict.fromkeys(exams)]
        await connection.execute(insert(exam_teachers), rows)


def _teacher(row: Row[Any], exams: set[str]) -> Teacher:
    return Teacher(
        id=row.id,
        name=row.name,
        admin=row.admin,
        session=row.session,
        disabled=row.disabled_at is not None,
        exams=frozenset(exams),
    )

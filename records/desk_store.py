"""The records as the desk uses them: teachers, their sittings, and what they do to them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from records import desk_acts, desk_queue, desk_sitting, leases, releasing, teachers
from records.desk_queue import Page, Wanted
from records.desk_sitting import Appeal, SittingView
from records.engine import reading, writing
from records.errors import NotMarked
from records.migrate import check_head, open_checked
from records.schema import appeals, papers, sittings
from records.teachers import Teacher


@dataclass(frozen=True)
class Place:
    """Whose a sitting is: what decides who may see it."""

    sitting_id: str
    user_id: str
    exam_id: str


class DeskStore:
    """One database, shared by any number of requests. Every method may raise RecordsUnavailable."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @classmethod
    async def open(cls, url: str) -> Self:
        """Raise SchemaOutdated unless every migration was run."""
        return cls(await open_checked(url))

    async def close(self) -> None:
        await self.engine.dispose()

    async def check(self) -> None:
        async with self.reading() as connection:
            await connection.run_sync(check_head)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with reading(self.engine) as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        async with writing(self.engine) as connection:
            yield connection

    # Teachers

    async def add_teacher(
        self, name: str, password: str, *, admin: bool = False, exams: Sequence[str] = ()
    ) -> None:
        """Raises TeacherExists."""
        async with self.writing() as connection:
            await teachers.add(connection, name, password, admin=admin, exams=list(exams))

    async def change_teacher(
        self,
        name: str,
        *,
        password: str | None = None,
        disabled: bool | None = None,
        exams: Sequence[str] | None = None,
    ) -> None:
        """Change what is given; all sign-ins are over then. Raises UnknownTeacher."""
        async with self.writing() as connection:
            await teachers.change(
                connection,
                name,
                password=password,
                disabled=disabled,
                exams=None if exams is None else list(exams),
            )

    async def teachers(self) -> list[Teacher]:
        async with self.reading() as connection:
            return await teachers.all_of_them(connection)

    async def teacher(self, teacher_id: str) -> Teacher | None:
        async with self.reading() as connection:
            return await teachers.by_id(connection, teacher_id)

    async def signed_in(self, name: str, password: str) -> Teacher | None:
        """The teacher whose password it is. An unknown name takes as long as a known one."""
        async with self.reading() as connection:
            teacher_id, kept = await teachers.secret_of(connection, name)
        good = await asyncio.to_thread(teachers.is_password, password, kept)
        return await self.teacher(teacher_id) if good and teacher_id else None

    # What there is to see

    async def queue(self, teacher: Teacher, wanted: Wanted) -> Page:
        async with self.reading() as connection:
            return await desk_queue.read(connection, teacher, wanted)

    async def exams(self, teacher: Teacher) -> list[str]:
        """The exams that were sat or are published, and that the teacher may see."""
        async with self.reading() as connection:
            sat = await connection.scalars(select(sittings.c.exam_id).distinct())
            published = await connection.scalars(select(papers.c.exam_id))
            there = {*sat, *published, *teacher.exams}
        return sorted(exam for exam in there if teacher.may_see(exam))

    async def place(self, sitting_id: str) -> Place | None:
        async with self.reading() as connection:
            found = await connection.execute(
                select(sittings.c.id, sittings.c.user_id, sittings.c.exam_id).where(
                    sittings.c.id == sitting_id
                )
            )
            row = found.one_or_none()
            return Place(row.id, row.user_id, row.exam_id) if row else None

    async def sitting(self, sitting_id: str, version: int | None = None) -> SittingView:
        """Raises UnknownSitting."""
        async with self.reading() as connection:
            return await desk_sitting.read(connection, sitting_id, version)

    async def appeals(self, teacher: Teacher) -> list[tuple[Appeal, Place]]:
        """The open ones first, then the newest."""
        async with self.reading() as connection:
            found = await connection.execute(
                select(appeals, sittings.c.user_id, sittings.c.exam_id)
                .join(sittings, sittings.c.id == appeals.c.sitting_id)
                .where(desk_queue.allowed(teacher))
                .order_by(appeals.c.state.desc(), appeals.c.at.desc())
                .limit(200)
            )
            listed = []
            for row in found:
                values = dict(row._mapping)
                user_id, exam_id = values.pop("user_id"), values.pop("exam_id")
                listed.append((Appeal(**values), Place(row.sitting_id, user_id, exam_id)))
            return listed

    async def open_appeals(self, teacher: Teacher) -> int:
        async with self.reading() as connection:
            count = await connection.scalar(
                select(func.count())
                .select_from(appeals.join(sittings, sittings.c.id == appeals.c.sitting_id))
                .where(desk_queue.allowed(teacher), appeals.c.state == "open")
            )
            return int(count or 0)

    async def appeal(self, appeal_id: int) -> Place | None:
        """Whose sitting it is about."""
        async with self.reading() as connection:
            found = await connection.scalar(
                select(appeals.c.sitting_id).where(appeals.c.id == appeal_id)
            )
        return await self.place(found) if found else None

    # What is done

    async def override(
        self, sitting_id: str, question_id: str, marks: float, reason: str, teacher: str
    ) -> None:
        """Raises MarkRefused, UnknownSitting."""
        async with self.writing() as connection:
            await desk_acts.override(connection, sitting_id, question_id, marks, reason, teacher)

    async def correct(
        self, sitting_id: str, turn: int, new_text: str, reason: str, teacher: str
    ) -> None:
        """Raises MarkRefused, UnknownSitting."""
        async with self.writing() as connection:
            await desk_acts.correct(connection, sitting_id, turn, new_text, reason, teacher)

    async def ask_again(self, sitting_id: str, questions: Sequence[str], teacher: str) -> None:
        """Raises MarkRefused, UnknownSitting."""
        async with self.writing() as connection:
            await desk_acts.ask_again(connection, sitting_id, questions, teacher)

    async def reopen(self, sitting_id: str, teacher: str) -> None:
        """As `Records.reopen`, and says which teacher did it."""
        async with self.writing() as connection:
            await leases.reopen(connection, sitting_id, teacher)

    async def release(self, sitting_id: str, teacher: str) -> None:
        """Raises NotMarked, UnknownSitting."""
        async with self.writing() as connection:
            await releasing.release(connection, sitting_id, teacher)

    async def withdraw(self, sitting_id: str, teacher: str) -> None:
        """Raises UnknownSitting."""
        async with self.writing() as connection:
            await releasing.withdraw(connection, sitting_id, teacher)

    async def release_all(self, exam_id: str, teacher: str) -> tuple[list[str], list[str]]:
        """The sittings whose results were given now, and those that are not all marked."""
        async with self.reading() as connection:
            waiting = await connection.scalars(
                select(sittings.c.id)
                .where(
                    sittings.c.exam_id == exam_id,
                    sittings.c.released_at.is_(None),
                    sittings.c.status.in_(["finished", "abandoned"]),
                )
                .order_by(sittings.c.created_at)
            )
            ids = list(waiting)
        given, left = [], []
        for each in ids:
            try:
                await self.release(each, teacher)
                given.append(each)
            except NotMarked:
                left.append(each)
        return given, left

    async def answer_appeal(self, appeal_id: int, reply: str, teacher: str) -> None:
        """Raises AppealRefused, UnknownSitting."""
        async with self.writing() as connection:
            await desk_acts.answer_appeal(connection, appeal_id, reply, teacher)

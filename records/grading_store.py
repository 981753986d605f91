"""The records as graders use them: what waits to be marked, what there is to mark, the marks."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from records import chain, gradings
from records import sittings as opening
from records import turns as commits
from records.answers import view_answer
from records.engine import reading, writing
from records.errors import UnknownSitting
from records.marking import (
    Cost,
    Grading,
    GradingBeat,
    GradingLease,
    GradingReason,
    Mark,
    Material,
)
from records.migrate import open_checked
from records.model import Json
from records.schema import answers, corrections, marks, sittings
from records.schema import gradings as gradings_table


class GradingStore:
    """One database, shared by any number of tasks.

    Every method may raise RecordsUnavailable; the work was then not done, and may be tried again.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, url: str) -> Self:
        """Raise SchemaOutdated unless every migration was run."""
        return cls(await open_checked(url))

    @property
    def engine(self) -> AsyncEngine:
        """For the stores of the same database that others need beside this one."""
        return self._engine

    async def close(self) -> None:
        await self._engine.dispose()

    async def ask_for(
        self,
        sitting_id: str,
        reason: GradingReason,
        *,
        questions: Sequence[str] | None = None,
        by: str | None = None,
        paper: Json | None = None,
    ) -> str:
        """Put a grading in the queue; returns its id. Raises UnknownSitting.

        `paper`: whose key to mark by, for a regrading; None: the sitting's own.
        """
        async with writing(self._engine) as connection:
            await commits.hold(connection, sitting_id)
            return await gradings.ask_for(
                connection, sitting_id, reason, questions=questions, by=by, paper=paper
            )

    async def claim(
        self, holder: str, *, only: Iterable[str] | None = None
    ) -> tuple[Grading, GradingLease] | None:
        """The one that has waited longest, or None; `only` of these sittings, put off or not."""
        async with writing(self._engine) as connection:
            return await gradings.claim(connection, holder, only=only)

    async def sweep_checkpoints(self) -> None:
        """Remove what graders kept of gradings that are over, or gone with their sittings."""
        async with writing(self._engine) as connection:
            await gradings.sweep(connection)

    async def beats(self) -> list[GradingBeat]:
        """Every grading under way."""
        async with reading(self._engine) as connection:
            return await gradings.beats(connection)

    async def take_over(
        self, seen: GradingBeat, holder: str
    ) -> tuple[Grading, GradingLease] | None:
        """A grading whose beat has stood still since; None: it lives, or is done."""
        async with writing(self._engine) as connection:
            return await gradings.take_over(connection, seen, holder)

    async def renew(self, lease: GradingLease) -> None:
        """Show that the grader lives. Raises StaleFence when it was taken over, or called off."""
        async with writing(self._engine) as connection:
            await gradings.renew(connection, lease)

    async def give_back(self, lease: GradingLease, not_before: datetime | None = None) -> None:
        """Unfinished: somebody takes it up again, not before that time."""
        async with writing(self._engine) as connection:
            await gradings.give_back(connection, lease, not_before)

    async def finish(
        self,
        lease: GradingLease,
        given: Sequence[Mark],
        paid: Sequence[Cost],
        *,
        provisional: bool,
        settings: Json,
    ) -> None:
        """Store the marks and what they cost, or nothing. Raises StaleFence."""
        async with writing(self._engine) as connection:
            await gradings.finish(
                connection, lease, given, paid, provisional=provisional, settings=settings
            )

    async def material(self, sitting_id: str) -> Material:
        """What there is to mark. Raises UnknownSitting."""
        async with reading(self._engine) as connection:
            return await read_material(connection, sitting_id)

    async def gradings(self, sitting_id: str) -> list[Grading]:
        """All of a sitting, the oldest first."""
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(gradings_table)
                .where(gradings_table.c.sitting_id == sitting_id)
                .order_by(gradings_table.c.version)
            )
            return [Grading(**row._mapping) for row in found]

    async def marks(self, grading_id: str) -> list[Mark]:
        """In the order of the questions."""
        async with reading(self._engine) as connection:
            return await read_marks(connection, grading_id)

    async def verify(self, sitting_id: str) -> chain.Verdict:
        """Whether all that is recorded of the sitting is as it was when it was recorded."""
        async with reading(self._engine) as connection:
            return await chain.verify(connection, sitting_id)


async def read_material(connection: AsyncConnection, sitting_id: str) -> Material:
    """As `GradingStore.material`. The last correction of a turn holds."""
    found = await connection.execute(select(sittings).where(sittings.c.id == sitting_id))
    row = found.one_or_none()
    if row is None:
        raise UnknownSitting(f"There is no sitting {sitting_id}.")
    corrected = {
        each.turn: each.new_text
        for each in await connection.execute(
            select(corrections.c.turn, corrections.c.new_text)
            .where(corrections.c.sitting_id == sitting_id)
            .order_by(corrections.c.id)
        )
    }
    # A teacher heard these words: the recogniser's times and doubts are of other ones.
    turns = [
        replace(turn, text=corrected[turn.number], words=[], confidence=None)
        if turn.number in corrected
        else turn
        for turn in await commits.read(connection, sitting_id, -1)
    ]
    kept = await connection.execute(
        select(answers).where(answers.c.sitting_id == sitting_id).order_by(answers.c.position)
    )
    views = [view_answer(commits.answer_from(each), turns) for each in kept]
    return Material(opening.sitting_from(row), turns, views, frozenset(corrected))


async def read_marks(connection: AsyncConnection, grading_id: str) -> list[Mark]:
    """As `GradingStore.marks`."""
    found = await connection.execute(
        select(marks).where(marks.c.grading_id == grading_id).order_by(marks.c.position)
    )
    own = ("grading_id", "sitting_id")
    return [
        Mark(**{name: value for name, value in row._mapping.items() if name not in own})
        for row in found
    ]

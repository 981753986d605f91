"""A cohort marked anew: asked for, laid beside the marks that hold, and adopted or not.

The new marks are only a proposal. They hold once a teacher has seen whom they would change; the
old ones are kept, and a teacher's own marks stand in any case.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from records import audit, comparing, gradings
from records import turns as commits
from records.comparing import Comparison
from records.comparison import OVER, read_comparison, read_versions
from records.engine import reading, writing
from records.migrate import open_checked
from records.model import Json, Sitting
from records.schema import sittings
from records.sittings import sitting_from

#: Sittings in one transaction: others who write wait for it.
_AT_ONCE = 25


@dataclass(frozen=True)
class Adopted:
    """`taken`: sittings whose new marks hold now; `left`: those that have theirs as before, why."""

    taken: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


class Regrading:
    """One database. Every method may raise RecordsUnavailable; the work was then not done."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    async def open(cls, url: str) -> Self:
        """Raise SchemaOutdated unless every migration was run."""
        return cls(await open_checked(url))

    async def close(self) -> None:
        await self._engine.dispose()

    async def closed(self, exam_id: str) -> list[Sitting]:
        """The sittings of the exam that are over, the first that ended first."""
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(sittings)
                .where(sittings.c.exam_id == exam_id, sittings.c.status.in_(OVER))
                .order_by(sittings.c.finished_at, sittings.c.id)
            )
            return [sitting_from(row) for row in found]

    async def ask(
        self, sitting_ids: Iterable[str], *, by: str | None = None, paper: Json | None = None
    ) -> int:
        """Have them marked anew by the key of `paper`, or by their own; returns how many."""
        wanted = sorted(set(sitting_ids))
        for some in _batches(wanted):
            async with writing(self._engine) as connection:
                for sitting_id in some:
                    await commits.hold(connection, sitting_id)
                    await gradings.ask_for(connection, sitting_id, "regraded", by=by, paper=paper)
        return len(wanted)

    async def compare(
        self, exam_id: str, *, before: int | None = None, after: int | None = None
    ) -> Comparison:
        """The marks that hold beside those proposed, or any two versions. Raises UnknownExam."""
        async with reading(self._engine) as connection:
            return await read_comparison(connection, exam_id, before=before, after=after)

    async def adopt(self, wanted: Mapping[str, int], by: str) -> Adopted:
        """Let the marks of that version hold, of each sitting; `by`: the teacher."""
        adopted = Adopted()
        for some in _batches(sorted(wanted)):
            async with writing(self._engine) as connection:
                reasons = {
                    sitting_id: await _adopt(connection, sitting_id, wanted[sitting_id], by)
                    for sitting_id in some
                }
            for sitting_id, reason in reasons.items():
                if reason:
                    adopted.left[sitting_id] = reason
                else:
                    adopted.taken.append(sitting_id)
        return adopted


def _batches(sitting_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """In their order, so that two who lock many never wait for each other. What was done is kept
    where the rest fails: to do it again does no harm."""
    for start in range(0, len(sitting_ids), _AT_ONCE):
        yield sitting_ids[start : start + _AT_ONCE]


async def _adopt(connection: AsyncConnection, sitting_id: str, version: int, by: str) -> str | None:
    """None when it was adopted, else why not."""
    await commits.hold(connection, sitting_id)
    there = await read_versions(connection, sitting_id)
    if reason := comparing.hindrance(there, version):
        return reason
    new = next(each for each in there if each.version == version)
    old = next(each for each in there if each.current)
    await gradings.make_current(connection, sitting_id, new.id)
    detail = {"from": old.version, "to": version}
    await audit.note(connection, "adopt", sitting_id, detail, by)
    return None

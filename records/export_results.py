"""The results of an exam, sitting by sitting, a few at a time, however many there are."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from records.desk_queue import marks_of, override_from
from records.effective import EffectiveMark, Override, total
from records.schema import answers, costs, gradings, links, overrides, sittings

#: So many sittings are read at once, each time in a transaction of its own: who reads may be slow.
PAGE = 50


class Reading(Protocol):
    """Opens a transaction that sees one state."""

    def __call__(self) -> AbstractAsyncContextManager[AsyncConnection]: ...


@dataclass(frozen=True)
class Paid:
    """What a sitting cost in each currency; `unpriced`: things used that no price is known of."""

    amounts: dict[str, float]
    unpriced: int


@dataclass(frozen=True)
class Answered:
    """A question's mark; `override`: the teacher's last word on it; `status`: as in the exam."""

    mark: EffectiveMark
    override: Override | None
    status: str | None


@dataclass(frozen=True)
class Result:
    """`answers`: [] while nothing is marked. `head`: the last link of the chain, "" without one;
    `version`: of the grading that holds."""

    sitting_id: str
    user_id: str
    exam_id: str
    status: str
    flags: list[str]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    released_at: datetime | None
    paper_hash: str
    version: int | None
    answers: list[Answered]
    paid: Paid
    links: int
    head: str

    @property
    def total(self) -> float | None:
        return total([answer.mark for answer in self.answers])

    @property
    def out_of(self) -> float:
        return sum(answer.mark.out_of for answer in self.answers)

    @property
    def provisional(self) -> bool:
        return any(answer.mark.provisional for answer in self.answers)


_SITTING = (
    sittings.c.id,
    sittings.c.user_id,
    sittings.c.exam_id,
    sittings.c.status,
    sittings.c.flags,
    sittings.c.created_at,
    sittings.c.started_at,
    sittings.c.finished_at,
    sittings.c.released_at,
    sittings.c.paper_hash,
)


async def read_results(reading: Reading, exam_id: str) -> AsyncIterator[list[Result]]:
    """All that were sat, in the order in which they were begun, page by page."""
    after: tuple[datetime, str] | None = None
    while True:
        async with reading() as connection:
            page = await _page(connection, exam_id, after)
        if not page:
            return
        yield page
        after = page[-1].created_at, page[-1].sitting_id


async def read_result(connection: AsyncConnection, sitting_id: str) -> Result | None:
    """One of them."""
    found = list(await connection.execute(select(*_SITTING).where(sittings.c.id == sitting_id)))
    return (await _results(connection, found))[0] if found else None


async def _page(
    connection: AsyncConnection, exam_id: str, after: tuple[datetime, str] | None
) -> list[Result]:
    wanted = select(*_SITTING).where(sittings.c.exam_id == exam_id)
    if after:
        at, last = after
        same = and_(sittings.c.created_at == at, sittings.c.id > last)
        wanted = wanted.where(or_(sittings.c.created_at > at, same))
    ordered = wanted.order_by(sittings.c.created_at, sittings.c.id).limit(PAGE)
    return await _results(connection, list(await connection.execute(ordered)))


async def _results(connection: AsyncConnection, rows: Sequence[Any]) -> list[Result]:
    ids = [row.id for row in rows]
    if not ids:
        return []
    marked = await marks_of(connection, ids)
    words = await _last_words(connection, ids)
    told = await _statuses(connection, ids)
    paid = await _paid(connection, ids)
    versions = await _versions(connection, ids)
    chains = await _heads(connection, ids)
    results = []
    for row in rows:
        values = dict(row._mapping)
        one = values.pop("id")
        links_, head = chains.get(one, (0, ""))
        answered = [
            Answered(mark, words.get((one, mark.question_id)), told.get((one, mark.question_id)))
            for mark in marked.get(one, [])
        ]
        results.append(
            Result(
                sitting_id=one,
                version=versions.get(one),
                answers=answered,
                paid=paid.get(one, Paid({}, 0)),
                links=links_,
                head=head,
                **values,
            )
        )
    return results


async def _last_words(
    connection: AsyncConnection, ids: list[str]
) -> dict[tuple[str, str], Override]:
    found = await connection.execute(
        select(overrides).where(overrides.c.sitting_id.in_(ids)).order_by(overrides.c.id)
    )
    return {(row.sitting_id, row.question_id): override_from(row) for row in found}


async def _statuses(connection: AsyncConnection, ids: list[str]) -> dict[tuple[str, str], str]:
    found = await connection.execute(
        select(answers.c.sitting_id, answers.c.question_id, answers.c.status).where(
            answers.c.sitting_id.in_(ids)
        )
    )
    return {(row.sitting_id, row.question_id): row.status for row in found}


async def _paid(connection: AsyncConnection, ids: list[str]) -> dict[str, Paid]:
    found = await connection.execute(
        select(
            costs.c.sitting_id,
            costs.c.currency,
            func.sum(costs.c.price * costs.c.quantity).label("amount"),
            (func.count() - func.count(costs.c.price)).label("unpriced"),
        )
        .where(costs.c.sitting_id.in_(ids))
        .group_by(costs.c.sitting_id, costs.c.currency)
        .order_by(costs.c.currency)
    )
    paid: dict[str, Paid] = {}
    for row in found:
        before = paid.get(row.sitting_id, Paid({}, 0))
        amount = {row.currency: row.amount} if row.amount is not None and row.currency else {}
        paid[row.sitting_id] = Paid(before.amounts | amount, before.unpriced + row.unpriced)
    return paid


async def _versions(connection: AsyncConnection, ids: list[str]) -> dict[str, int]:
    found = await connection.execute(
        select(gradings.c.sitting_id, gradings.c.version).where(
            gradings.c.sitting_id.in_(ids), gradings.c.current
        )
    )
    return {row.sitting_id: row.version for row in found}


async def _heads(connection: AsyncConnection, ids: list[str]) -> dict[str, tuple[int, str]]:
    """How many links each has, and the last."""
    last = (
        select(links.c.sitting_id, func.max(links.c.position).label("position"))
        .where(links.c.sitting_id.in_(ids))
        .group_by(links.c.sitting_id)
        .subquery()
    )
    found = await connection.execute(
        select(links.c.sitting_id, links.c.position, links.c.link).join(
            last,
            and_(last.c.sitting_id == links.c.sitting_id, last.c.position == links.c.position),
        )
    )
    return {row.sitting_id: (row.position + 1, row.link) for row in found}

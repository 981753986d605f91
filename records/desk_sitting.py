"""One sitting as a teacher sees it: words, marks, graders, what was done by hand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from records.desk_queue import override_from
from records.effective import EffectiveMark, Override, effective
from records.grading_store import read_marks, read_material
from records.marking import Grading, Mark, Material
from records.schema import appeals, corrections, costs, gradings, overrides, releases


@dataclass(frozen=True)
class Correction:
    turn: int
    old_text: str
    new_text: str
    reason: str
    teacher: str
    at: datetime


@dataclass(frozen=True)
class Release:
    """`action`: "released" or "withdrawn"."""

    action: str
    teacher: str
    at: datetime


@dataclass(frozen=True)
class Appeal:
    id: int
    sitting_id: str
    question_id: str | None
    text: str
    at: datetime
    state: str
    reply: str | None
    teacher: str | None
    answered_at: datetime | None


@dataclass(frozen=True)
class Spent:
    """What was used of one thing, and its price; `amount` is None without a price."""

    part: str
    unit: str
    provider: str
    model: str
    quantity: float
    amount: float | None
    currency: str | None


@dataclass(frozen=True)
class SittingView:
    """`shown`: the grading whose marks these are, None without any; `waits`: another is under way.
    `marks` are of that grading; `effective` with the teachers' words, of the current one only."""

    material: Material
    gradings: list[Grading]
    shown: Grading | None
    waits: Grading | None
    marks: list[Mark]
    effective: list[EffectiveMark]
    overrides: list[Override]
    corrections: list[Correction]
    releases: list[Release]
    appeals: list[Appeal]
    costs: list[Spent]


async def read(
    connection: AsyncConnection, sitting_id: str, version: int | None = None
) -> SittingView:
    """`version`: of the grading to show; None: the one that holds. Raises UnknownSitting."""
    material = await read_material(connection, sitting_id)
    found = await connection.execute(
        select(gradings).where(gradings.c.sitting_id == sitting_id).order_by(gradings.c.version)
    )
    versions = [Grading(**row._mapping) for row in found]
    shown = _shown(versions, version)
    given = await read_marks(connection, shown.id) if shown else []
    words = [
        override_from(row)
        for row in await connection.execute(_own(overrides, sitting_id).order_by(overrides.c.id))
    ]
    holding = words if shown and shown.current else []
    return SittingView(
        material=material,
        gradings=versions,
        shown=shown,
        waits=next(
            (each for each in versions if each.state != "done" and each.reason != "regraded"), None
        ),
        marks=given,
        effective=effective(given, holding),
        overrides=words,
        corrections=[
            Correction(row.turn, row.old_text, row.new_text, row.reason, row.teacher, row.at)
            for row in await connection.execute(
                _own(corrections, sitting_id).order_by(corrections.c.id)
            )
        ],
        releases=[
            Release(row.action, row.teacher, row.at)
            for row in await connection.execute(_own(releases, sitting_id).order_by(releases.c.id))
        ],
        appeals=[
            Appeal(**row._mapping)
            for row in await connection.execute(_own(appeals, sitting_id).order_by(appeals.c.id))
        ],
        costs=[
            _spent(row)
            for row in await connection.execute(
                _own(costs, sitting_id).order_by(costs.c.part, costs.c.model, costs.c.unit)
            )
        ],
    )


def _own(table: Any, sitting_id: str) -> Any:
    return select(table).where(table.c.sitting_id == sitting_id)


def _shown(versions: list[Grading], version: int | None) -> Grading | None:
    done = [each for each in versions if each.state == "done"]
    if version is not None:
        return next((each for each in done if each.version == version), None)
    return next((each for each in done if each.current), None)


def _spent(row: Any) -> Spent:
    amount = None if row.price is None else row.price * row.quantity
    return Spent(row.part, row.unit, row.provider, row.model, row.quantity, amount, row.currency)

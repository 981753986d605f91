"""Writes one turn with all that follows from it, and reads turns and answers back."""

from collections import defaultdict
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, Table, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from records import chain, gradings
from records.answers import view_answer
from records.errors import StaleFence, TurnExists, UnknownSitting
from records.model import AnswerRecord, AnswerView, TurnRecord, UtteranceRecord
from records.schema import answers, drafts, sittings, turns, utterances

_OVER = ("finished", "abandoned")


async def hold(
    connection: AsyncConnection, sitting_id: str, fence: int | None = None
) -> Row[Any, Any, Any, Any]:
    """Lock the sitting until the transaction ends, and compare its fence with the caller's."""
    found = await connection.execute(
        select(sittings.c.fence, sittings.c.flags, sittings.c.status, sittings.c.started_at)
        .where(sittings.c.id == sitting_id)
        .with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise UnknownSitting(f"There is no sitting {sitting_id}.")
    if fence is not None and row.fence != fence:
        raise StaleFence(
            f"Sitting {sitting_id} was claimed by another worker (fence {row.fence}, not {fence})."
        )
    return row


async def commit(
    connection: AsyncConnection, sitting_id: str, fence: int, turn: TurnRecord
) -> None:
    """As `Records.commit_turn`, inside a writing transaction."""
    sitting = await hold(connection, sitting_id, fence)
    if await _is_recorded(connection, sitting_id, turn):
        return
    await connection.execute(insert(turns).values(sitting_id=sitting_id, **_turn_row(turn)))
    if turn.utterances:
        rows = [{"sitting_id": sitting_id, "turn": turn.number, **vars(u)} for u in turn.utterances]
        await connection.execute(insert(utterances), rows)
    for answer in turn.answers:
        key = {"sitting_id": sitting_id, "question_id": answer.question_id}
        await put(connection, answers, key, vars(answer))
    await chain.add(connection, sitting_id, "turn", turn.number)
    await _update_sitting(connection, sitting_id, sitting.flags, turn)
    if turn.clears_draft:
        await connection.execute(delete(drafts).where(drafts.c.sitting_id == sitting_id))


async def put(
    connection: AsyncConnection, table: Table, key: dict[str, str], values: dict[str, Any]
) -> None:
    """Update the row of `key`, or insert it. Safe under the sitting's lock, on any database."""
    where = and_(*(table.c[name] == value for name, value in key.items()))
    changed = await connection.execute(update(table).where(where).values(values))
    if changed.rowcount == 0:
        await connection.execute(insert(table).values(key | values))


async def read(connection: AsyncConnection, sitting_id: str, after: int) -> list[TurnRecord]:
    """The turns with a greater number, in order, each with its utterances."""
    spoken = defaultdict(list)
    for row in await connection.execute(
        select(utterances)
        .where(and_(utterances.c.sitting_id == sitting_id, utterances.c.turn > after))
        .order_by(utterances.c.turn, utterances.c.position)
    ):
        values = dict(row._mapping)
        del values["sitting_id"]
        spoken[values.pop("turn")].append(UtteranceRecord(**values))
    found = await connection.execute(
        select(turns)
        .where(and_(turns.c.sitting_id == sitting_id, turns.c.number > after))
        .order_by(turns.c.number)
    )
    return [_turn_from(row, spoken[row.number]) for row in found]


async def read_answers(connection: AsyncConnection, sitting_id: str) -> list[AnswerView]:
    """The answers in the order of their questions, each with the student's words."""
    found = await connection.execute(
        select(turns).where(turns.c.sitting_id == sitting_id).order_by(turns.c.number)
    )
    told = [_turn_from(row, []) for row in found]
    rows = await connection.execute(
        select(answers).where(answers.c.sitting_id == sitting_id).order_by(answers.c.position)
    )
    return [view_answer(answer_from(row), told) for row in rows]


def answer_from(row: Row[Any]) -> AnswerRecord:
    values = dict(row._mapping)
    del values["sitting_id"]
    return AnswerRecord(**values)


async def _is_recorded(connection: AsyncConnection, sitting_id: str, turn: TurnRecord) -> bool:
    """Whether an earlier try was kept, and only its answer lost. Raises TurnExists for another."""
    found = await connection.execute(
        select(turns).where(and_(turns.c.sitting_id == sitting_id, turns.c.number == turn.number))
    )
    row = found.one_or_none()
    if row is not None and _turn_from(row, turn.utterances) != turn:
        raise TurnExists(f"Turn {turn.number} of sitting {sitting_id} is already recorded.")
    return row is not None


async def _update_sitting(
    connection: AsyncConnection, sitting_id: str, flags: list[str], turn: TurnRecord
) -> None:
    values: dict[str, Any] = {}
    if new := [flag for flag in dict.fromkeys(turn.flags) if flag not in flags]:
        values["flags"] = flags + new
    if turn.status:
        values["status"] = turn.status
        values["finished_at"] = turn.at if turn.status in _OVER else None
    if values:
        await connection.execute(update(sittings).where(sittings.c.id == sitting_id).values(values))
        await chain.add(connection, sitting_id, "state")
    if turn.status in _OVER:
        await gradings.ask_for(connection, sitting_id, "closed")


def _turn_row(turn: TurnRecord) -> dict[str, Any]:
    row = dict(vars(turn))
    del row["utterances"]
    row["answers"] = [asdict(answer) for answer in turn.answers]
    return row


def _turn_from(row: Row[Any], spoken: list[UtteranceRecord]) -> TurnRecord:
    values = dict(row._mapping)
    del values["sitting_id"]
    values["answers"] = [AnswerRecord(**answer) for answer in values["answers"]]
    return TurnRecord(**values, utterances=spoken)

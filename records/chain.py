"""Ties all that is recorded of a sitting into a chain, so that a later change can be found.

Each link holds the SHA-256 of one thing as it was recorded, and a SHA-256 over that and the link
before. A thing that may change by rights (how much of an utterance was heard, a consent) gets a
new link each time; the last one holds. Whoever can write to the database could make a whole new
chain: the last link, kept elsewhere, shows that too (`python -m records verify` prints it).
"""

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from records import schema
from records.model import Json

Kind = Literal[
    "sitting",
    "consent",
    "state",
    "turn",
    "heard",
    "grading",
    "current",
    "override",
    "correction",
    "release",
    "appeal",
    "segment",
    "recording",
]
#: What the first link is tied to.
_NOTHING = "0" * 64


@dataclass(frozen=True)
class Broken:
    """A place where the record is not as it was made. `position`: None for what has no link."""

    position: int | None
    kind: str
    subject: str
    what: str

    def __str__(self) -> str:
        name = f"{self.kind} {self.subject}".strip()
        at = "" if self.position is None else f"link {self.position}: "
        return f"{at}{name} {self.what}"


@dataclass(frozen=True)
class Verdict:
    """`links`: how many there are; `head`: the last one, "" without any; `broken`: in order."""

    links: int
    head: str
    broken: list[Broken]


async def add(
    connection: AsyncConnection, sitting_id: str, kind: Kind, subject: str | int = ""
) -> None:
    """Tie in what was just written, in the same transaction, under the sitting's lock."""
    content = await _CONTENT[kind](connection, sitting_id, str(subject))
    if str(subject) not in content:
        raise LookupError(f"there is no {kind} {subject} to tie in")
    await _append(connection, sitting_id, kind, str(subject), digest(content[str(subject)]))


async def verify(connection: AsyncConnection, sitting_id: str) -> Verdict:
    """Whether every link follows from the one before, and everything is as its last link says."""
    found = await connection.execute(
        select(schema.links)
        .where(schema.links.c.sitting_id == sitting_id)
        .order_by(schema.links.c.position)
    )
    rows = list(found)
    broken: list[Broken] = []
    last: dict[tuple[str, str], tuple[int, str]] = {}
    before = _NOTHING
    for position, row in enumerate(rows):
        if row.position != position:
            broken.append(Broken(row.position, row.kind, row.subject, f"should be link {position}"))
        elif row.link != _link(before, row.kind, row.subject, row.digest, row.at):
            broken.append(
                Broken(position, row.kind, row.subject, "does not follow from the link before")
            )
        last[row.kind, row.subject] = (row.position, row.digest)
        before = row.link
    if rows:
        broken += [each async for each in _changed(connection, sitting_id, last)]
    broken.sort(key=lambda each: len(rows) if each.position is None else each.position)
    return Verdict(len(rows), before if rows else "", broken)


def digest(content: object) -> str:
    """SHA-256 of plain values and times, in canonical JSON."""
    text = json.dumps(
        content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_moment
    )
    return hashlib.sha256(text.encode()).hexdigest()


async def _append(
    connection: AsyncConnection, sitting_id: str, kind: str, subject: str, content: str
) -> None:
    links = schema.links
    found = await connection.execute(
        select(links.c.position, links.c.link)
        .where(links.c.sitting_id == sitting_id)
        .order_by(links.c.position.desc())
        .limit(1)
    )
    row = found.one_or_none()
    if row is None and kind != "sitting":
        # It was opened before there was a chain, which would tell nothing of its beginning.
        return
    position, before = (row.position + 1, row.link) if row else (0, _NOTHING)
    now = datetime.now(UTC)
    await connection.execute(
        insert(links).values(
            sitting_id=sitting_id,
            position=position,
            kind=kind,
            subject=subject,
            digest=content,
            link=_link(before, kind, subject, content, now),
            at=now,
        )
    )


def _link(before: str, kind: str, subject: str, content: str, at: datetime) -> str:
    return digest([before, kind, subject, content, at])


async def _changed(
    connection: AsyncConnection, sitting_id: str, last: Mapping[tuple[str, str], tuple[int, str]]
) -> AsyncIterator[Broken]:
    for kind, load in _CONTENT.items():
        there = await load(connection, sitting_id, None)
        for each in _compared(kind, there, last):
            yield each
    async for each in _derived(connection, sitting_id):
        yield each


def _compared(
    kind: str, there: Mapping[str, object], last: Mapping[tuple[str, str], tuple[int, str]]
) -> Iterator[Broken]:
    for (linked, subject), (position, content) in last.items():
        if linked != kind:
            continue
        if subject not in there:
            yield Broken(position, kind, subject, "is gone")
        elif digest(there[subject]) != content:
            yield Broken(position, kind, subject, "was changed")
    for subject in there:
        if (kind, subject) not in last:
            yield Broken(None, kind, subject, "was added by other means")


async def _derived(connection: AsyncConnection, sitting_id: str) -> AsyncIterator[Broken]:
    """Answers are kept as the turns left them: a second copy, to be read quickly."""
    left: dict[str, Json] = {}
    of_turns = select(schema.turns.c.answers).where(schema.turns.c.sitting_id == sitting_id)
    for row in await connection.execute(of_turns.order_by(schema.turns.c.number)):
        left |= {answer["question_id"]: answer for answer in row.answers}
    for row in await connection.execute(
        select(schema.answers).where(schema.answers.c.sitting_id == sitting_id)
    ):
        kept = {name: value for name, value in row._mapping.items() if name != "sitting_id"}
        if left.pop(row.question_id, None) != kept:
            yield Broken(None, "answer", row.question_id, "is not what the turns left of it")
    for question_id in left:
        yield Broken(None, "answer", question_id, "is gone")
    if await _released_at(connection, sitting_id) != await connection.scalar(
        select(schema.sittings.c.released_at).where(schema.sittings.c.id == sitting_id)
    ):
        yield Broken(None, "release", "", "is not what the sitting says")


async def _released_at(connection: AsyncConnection, sitting_id: str) -> datetime | None:
    """By the last of its releases."""
    table = schema.releases
    found = await connection.execute(
        select(table.c.action, table.c.at)
        .where(table.c.sitting_id == sitting_id)
        .order_by(table.c.id.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return row.at if row is not None and row.action == "released" else None


def _moment(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    raise TypeError(f"{type(value).__name__} cannot be tied in")


# What a link is made of: of one subject, or (None) of all of a kind.

Load = Callable[[AsyncConnection, str, str | None], Awaitable[dict[str, Any]]]


def _rows(table: Table, subject: str, *without: str) -> Load:
    """Each row whole, named by its column `subject`."""

    async def load(
        connection: AsyncConnection, sitting_id: str, only: str | None
    ) -> dict[str, Any]:
        column = table.c[subject]
        wanted: list[ColumnElement[bool]] = [table.c.sitting_id == sitting_id]
        if only is not None:
            wanted.append(column == column.type.python_type(only))
        found = await connection.execute(select(table).where(*wanted))
        return {str(row._mapping[column]): _values(row._mapping, without) for row in found}

    return load


async def _sitting(connection: AsyncConnection, sitting_id: str, _: str | None) -> dict[str, Any]:
    table = schema.sittings
    found = await connection.execute(
        select(
            table.c.user_id,
            table.c.exam_id,
            table.c.room_name,
            table.c.invitation,
            table.c.paper,
            table.c.paper_hash,
            table.c.profile,
            table.c.seed,
            table.c.created_at,
        ).where(table.c.id == sitting_id)
    )
    row = found.one_or_none()
    return {"": dict(row._mapping)} if row else {}


async def _consent(connection: AsyncConnection, sitting_id: str, _: str | None) -> dict[str, Any]:
    found = await connection.execute(
        select(schema.sittings.c.consent).where(schema.sittings.c.id == sitting_id)
    )
    row = found.one_or_none()
    return {"": row.consent} if row else {}


async def _state(connection: AsyncConnection, sitting_id: str, _: str | None) -> dict[str, Any]:
    """How far it has come, and what was noticed for the teacher."""
    table = schema.sittings
    found = await connection.execute(
        select(table.c.status, table.c.flags, table.c.started_at, table.c.finished_at).where(
            table.c.id == sitting_id
        )
    )
    row = found.one_or_none()
    return {"": dict(row._mapping)} if row else {}


async def _turns(connection: AsyncConnection, sitting_id: str, only: str | None) -> dict[str, Any]:
    """A turn with what the examiner was to say; when and how far it was heard comes later."""
    table, spoken = schema.turns, schema.utterances
    of = [table.c.sitting_id == sitting_id]
    said_in = [spoken.c.sitting_id == sitting_id]
    if only is not None:
        of.append(table.c.number == int(only))
        said_in.append(spoken.c.turn == int(only))
    said: dict[int, list[Json]] = {}
    for row in await connection.execute(
        select(spoken).where(*said_in).order_by(spoken.c.turn, spoken.c.position)
    ):
        said.setdefault(row.turn, []).append(_values(row._mapping, _HEARD))
    return {
        str(row.number): {**_values(row._mapping), "utterances": said.get(row.number, [])}
        for row in await connection.execute(select(table).where(*of))
    }


async def _heard(connection: AsyncConnection, sitting_id: str, only: str | None) -> dict[str, Any]:
    table = schema.utterances
    played = or_(*(table.c[name].is_not(None) for name in _HEARD))
    wanted: list[ColumnElement[bool]] = [table.c.sitting_id == sitting_id, played]
    if only is not None:
        turn, _, position = only.partition(".")
        wanted += [table.c.turn == int(turn), table.c.position == int(position)]
    return {
        f"{row.turn}.{row.position}": {name: row._mapping[name] for name in _HEARD}
        for row in await connection.execute(select(table).where(*wanted))
    }


async def _gradings(
    connection: AsyncConnection, sitting_id: str, only: str | None
) -> dict[str, Any]:
    """A grading that is done, by its version, with all its marks."""
    table, marked = schema.gradings, schema.marks
    wanted = [table.c.sitting_id == sitting_id, table.c.state == "done"]
    if only is not None:
        wanted.append(table.c.version == int(only))
    done = list(await connection.execute(select(table).where(*wanted)))
    there: dict[str, Any] = {}
    for row in done:
        found = await connection.execute(
            select(marked).where(marked.c.grading_id == row.id).order_by(marked.c.position)
        )
        there[str(row.version)] = {
            **_values(row._mapping, ("current", "beat", "holder", "fence")),
            "marks": [_values(mark._mapping) for mark in found],
        }
    return there


async def _current(connection: AsyncConnection, sitting_id: str, _: str | None) -> dict[str, Any]:
    """The version whose marks hold; there is never more than one."""
    table = schema.gradings
    found = await connection.scalars(
        select(table.c.version)
        .where(table.c.sitting_id == sitting_id, table.c.current)
        .order_by(table.c.version)
    )
    versions = list(found)
    return {"": versions} if versions else {}


def _values(row: Mapping[Any, Any], without: tuple[str, ...] = ()) -> Json:
    return {name: value for name, value in row.items() if name not in without}


#: What is known of an utterance only once it was played.
_HEARD = ("started_at", "heard_ms", "whole", "segment", "offset_ms")

_CONTENT: dict[str, Load] = {
    "sitting": _sitting,
    "consent": _consent,
    "state": _state,
    "turn": _turns,
    "heard": _heard,
    "grading": _gradings,
    "current": _current,
    "override": _rows(schema.overrides, "id"),
    "correction": _rows(schema.corrections, "id"),
    "release": _rows(schema.releases, "id"),
    "appeal": _rows(schema.appeals, "id"),
    "segment": _rows(schema.segments, "number"),
    "recording": _rows(schema.recordings, "sitting_id"),
}

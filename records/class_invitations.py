"""Invitations of a whole class: made together or not at all, listed, withdrawn, made again."""

import csv
import io
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from records import audit
from records.class_list import Invited
from records.errors import InvitationInvalid, UnknownExam
from records.formulas import defused
from records.invitations import sign
from records.model import Invitation
from records.schema import invitations, papers

InvitationState = Literal["open", "begun", "used", "expired", "revoked"]


@dataclass(frozen=True)
class Listed:
    """An invitation and how it stands: `begun`: some of its attempts are used, `used`: all."""

    invitation: Invitation
    state: InvitationState


async def invite_class(
    connection: AsyncConnection, exam_id: str, students: Sequence[Invited], by: str | None = None
) -> list[Invitation]:
    """In a writing transaction. `by`: the teacher, where one did it. Raises UnknownExam."""
    if not await connection.scalar(select(papers.c.exam_id).where(papers.c.exam_id == exam_id)):
        raise UnknownExam(f"No exam {exam_id!r} is published: publish its paper first.")
    now = datetime.now(UTC)
    made = [
        Invitation(
            jti=uuid.uuid4().hex,
            user_id=student.user_id,
            exam_id=exam_id,
            profile=student.profile,
            attempts=student.attempts,
            used=0,
            created_at=now,
            expires_at=student.expires_at,
        )
        for student in students
    ]
    if made:
        await connection.execute(insert(invitations), [vars(each) for each in made])
        await audit.note(connection, "invite", exam_id, {"students": len(made)}, by)
    return made


async def list_invitations(
    connection: AsyncConnection, exam_id: str, now: datetime
) -> list[Listed]:
    """By student, the newest of each first."""
    found = await connection.execute(
        select(invitations)
        .where(invitations.c.exam_id == exam_id)
        .order_by(invitations.c.user_id, invitations.c.created_at.desc())
    )
    every = [Invitation(**row._mapping) for row in found]
    return [Listed(each, state_of(each, now)) for each in every]


def state_of(invitation: Invitation, now: datetime) -> InvitationState:
    if invitation.revoked_at is not None:
        return "revoked"
    if invitation.used >= invitation.attempts:
        return "used"
    if invitation.expires_at <= now:
        return "expired"
    return "begun" if invitation.used else "open"


async def revoke(
    connection: AsyncConnection, exam_id: str | None, jti: str, by: str | None = None
) -> None:
    """Nobody joins by it any more; what is withdrawn already stays so.

    `exam_id`: where it must be for. Raises InvitationInvalid when there is none such.
    """
    found = await connection.execute(
        select(invitations.c.exam_id, invitations.c.revoked_at).where(invitations.c.jti == jti)
    )
    row = found.one_or_none()
    if row is None or exam_id not in (None, row.exam_id):
        raise InvitationInvalid("This invitation is not known here.")
    if row.revoked_at is None:
        await connection.execute(
            update(invitations).where(invitations.c.jti == jti).values(revoked_at=datetime.now(UTC))
        )
        await audit.note(connection, "revoke", row.exam_id, {"invitation": jti}, by)


async def invite_again(
    connection: AsyncConnection, exam_id: str, jti: str, days: float, by: str | None = None
) -> Invitation:
    """A new one like that one, which is withdrawn. Raises InvitationInvalid, UnknownExam."""
    found = await connection.execute(
        select(invitations).where(invitations.c.jti == jti, invitations.c.exam_id == exam_id)
    )
    row = found.one_or_none()
    if row is None:
        raise InvitationInvalid("This invitation is not known here.")
    old = Invitation(**row._mapping)
    await revoke(connection, exam_id, jti, by)
    expires_at = (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)
    student = Invited(0, old.user_id, old.attempts, expires_at, old.profile)
    (made,) = await invite_class(connection, exam_id, [student], by)
    return made


def links_csv(made: Iterable[Invitation], public_url: str, secret: str) -> str:
    """Whom to send which link."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["user_id", "link", "expires_at", "attempts", "invitation"])
    for each in made:
        token = sign(each.jti, each.expires_at, secret)
        link = f"{public_url.rstrip('/')}/#invitation={token}"
        expires = each.expires_at.isoformat()
        writer.writerow([defused(each.user_id), link, expires, each.attempts, each.jti])
    return text.getvalue()

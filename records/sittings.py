"""Opens a sitting: who may, which paper, and the same one again while it is not over."""

import secrets
import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from records import audit, chain
from records.errors import (
    ConsentRequired,
    ExamFinished,
    InvitationExpired,
    InvitationInvalid,
    InvitationRevoked,
    InvitationUsed,
    UnknownExam,
)
from records.model import Invitation, Json, PublishedPaper, Sitting
from records.naming import room_name
from records.schema import invitations, papers, sittings


async def open_one(
    connection: AsyncConnection,
    *,
    user_id: str,
    exam_id: str,
    consent: Json,
    profile: Json,
    invitation: str | None,
    resume_only: bool,
    now: datetime,
) -> tuple[Sitting, bool]:
    """As `Records.open_sitting`, inside a writing transaction."""
    invited = await _locked_invitation(connection, invitation) if invitation else None
    if found := await _open_sitting(connection, user_id, exam_id):
        _check_consent(found.paper, consent)
        return await _rejoin(connection, found, consent), True
    if invited:
        _check_attempt(invited, resume_only=resume_only, now=now)
    elif over := await _over(connection, user_id, exam_id):
        raise ExamFinished(f"This student has already sat this exam: it is {over}.")
    paper = await published_paper(connection, exam_id)
    if paper is None:
        raise UnknownExam(f"No exam {exam_id!r} is published.")
    _check_consent(paper.content, consent)
    if invited:
        await connection.execute(
            update(invitations)
            .where(invitations.c.jti == invited.jti)
            .values(used=invitations.c.used + 1)
        )
    sitting = Sitting(
        id=uuid.uuid4().hex,
        user_id=user_id,
        exam_id=exam_id,
        room_name=room_name(user_id),
        paper=paper.content,
        paper_hash=paper.hash,
        profile=profile,
        consent=consent,
        seed=secrets.randbits(63),
        status="open",
        fence=0,
        flags=[],
        invitation=invitation,
        created_at=now,
        started_at=None,
        finished_at=None,
    )
    await connection.execute(insert(sittings).values(vars(sitting)))
    await chain.add(connection, sitting.id, "sitting")
    await chain.add(connection, sitting.id, "consent")
    await chain.add(connection, sitting.id, "state")
    return sitting, False


async def published_paper(connection: AsyncConnection, exam_id: str) -> PublishedPaper | None:
    found = await connection.execute(select(papers).where(papers.c.exam_id == exam_id))
    row = found.one_or_none()
    return PublishedPaper(**row._mapping) if row else None


def sitting_from(row: Row[Any]) -> Sitting:
    return Sitting(**row._mapping)


async def _locked_invitation(connection: AsyncConnection, jti: str) -> Invitation:
    found = await connection.execute(
        select(invitations).where(invitations.c.jti == jti).with_for_update()
    )
    row = found.one_or_none()
    if row is None:
        raise InvitationInvalid("This invitation is not known here.")
    invited = Invitation(**row._mapping)
    if invited.revoked_at is not None:
        raise InvitationRevoked("This invitation has been withdrawn.")
    return invited


async def _open_sitting(connection: AsyncConnection, user_id: str, exam_id: str) -> Sitting | None:
    found = await connection.execute(
        select(sittings).where(
            and_(
                sittings.c.user_id == user_id,
                sittings.c.exam_id == exam_id,
                sittings.c.status.in_(["open", "running"]),
            )
        )
    )
    row = found.one_or_none()
    return sitting_from(row) if row else None


async def _over(connection: AsyncConnection, user_id: str, exam_id: str) -> str | None:
    """How a sitting of the exam ended: an abandoned one is a teacher's to reopen."""
    found = await connection.execute(
        select(sittings.c.status)
        .where(
            and_(
                sittings.c.user_id == user_id,
                sittings.c.exam_id == exam_id,
                sittings.c.status.in_(["finished", "abandoned"]),
            )
        )
        .limit(1)
    )
    return found.scalar_one_or_none()


def _check_attempt(invited: Invitation, *, resume_only: bool, now: datetime) -> None:
    if resume_only or invited.expires_at <= now:
        raise InvitationExpired("This invitation has expired.", invited.jti)
    if invited.used >= invited.attempts:
        raise InvitationUsed("This invitation has been used up.")


def _check_consent(paper: Json, consent: Json) -> None:
    if paper.get("recording") == "required" and consent.get("recording") is not True:
        raise ConsentRequired("This exam must be recorded, and the student has not agreed to it.")


async def _rejoin(connection: AsyncConnection, sitting: Sitting, consent: Json) -> Sitting:
    # A student may think again about being recorded; the latest word holds, the others are noted.
    if sitting.consent == consent:
        return sitting
    await connection.execute(
        update(sittings).where(sittings.c.id == sitting.id).values(consent=consent)
    )
    changed = {"from": sitting.consent, "to": consent}
    await audit.note(connection, "consent", sitting.id, changed)
    await chain.add(connection, sitting.id, "consent")
    return Sitting(**(vars(sitting) | {"consent": consent}))

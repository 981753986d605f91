"""The records: every question that the rest of the house asks of the database."""

import uuid
from datetime import UTC, datetime
from typing import Self

from sqlalchemy import and_, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from records import audit, chain, class_invitations
from records import leases as leasing
from records import sittings as opening
from records import turns as commits
from records.engine import reading, writing
from records.errors import UnknownUtterance
from records.migrate import check_head, open_checked
from records.model import (
    AnswerView,
    Draft,
    Invitation,
    Json,
    Lease,
    LeaseBeat,
    PublishedPaper,
    Sitting,
    TurnRecord,
)
from records.schema import drafts, invitations, papers, sittings, utterances


class Records:
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

    async def check(self) -> None:
        """Raise unless the database answers and its schema is the newest."""
        async with reading(self._engine) as connection:
            await connection.run_sync(check_head)

    # Papers

    async def publish_paper(
        self, exam_id: str, content: Json, content_hash: str, by: str | None = None
    ) -> None:
        """Sittings begun from now on use this content; earlier ones keep their own.

        `by`: the teacher, where one did it.
        """
        values = {"content": content, "hash": content_hash, "published_at": datetime.now(UTC)}
        for last in (False, True):
            try:
                async with writing(self._engine) as connection:
                    there = await opening.published_paper(connection, exam_id)
                    await commits.put(connection, papers, {"exam_id": exam_id}, values)
                    if there is None or there.hash != content_hash:
                        await audit.note(connection, "publish", exam_id, {"hash": content_hash}, by)
                return
            except IntegrityError:
                # Somebody published it for the first time in the same moment.
                if last:
                    raise

    async def paper(self, exam_id: str) -> PublishedPaper | None:
        async with reading(self._engine) as connection:
            return await opening.published_paper(connection, exam_id)

    async def papers(self) -> list[PublishedPaper]:
        async with reading(self._engine) as connection:
            found = await connection.execute(select(papers).order_by(papers.c.exam_id))
            return [PublishedPaper(**row._mapping) for row in found]

    # Invitations

    async def create_invitation(
        self, *, user_id: str, exam_id: str, profile: Json, attempts: int, expires_at: datetime
    ) -> Invitation:
        invitation = Invitation(
            jti=uuid.uuid4().hex,
            user_id=user_id,
            exam_id=exam_id,
            profile=profile,
            attempts=attempts,
            used=0,
            created_at=datetime.now(UTC),
            expires_at=expires_at.astimezone(UTC),
        )
        async with writing(self._engine) as connection:
            await connection.execute(insert(invitations).values(vars(invitation)))
            await audit.note(connection, "invite", exam_id, {"students": 1})
        return invitation

    async def invitation(self, jti: str) -> Invitation | None:
        async with reading(self._engine) as connection:
            found = await connection.execute(select(invitations).where(invitations.c.jti == jti))
            row = found.one_or_none()
            return Invitation(**row._mapping) if row else None

    async def revoke_invitation(self, jti: str) -> None:
        """Nobody joins by it any more. Raises InvitationInvalid for an unknown one."""
        async with writing(self._engine) as connection:
            await class_invitations.revoke(connection, None, jti)

    # Sittings

    async def open_sitting(
        self,
        *,
        user_id: str,
        exam_id: str,
        consent: Json,
        profile: Json,
        invitation: str | None,
        resume_only: bool = False,
    ) -> tuple[Sitting, bool]:
        """The student's open sitting of this exam (True: it was there before), or a new one.

        A new one freezes the published paper and uses up an attempt of the invitation. An
        invitation past its time, or `resume_only`, still leads back into a sitting begun in time.

        Raises UnknownExam, ConsentRequired, ExamFinished (without an invitation only) and the
        InvitationErrors; nothing is written then.
        """
        for last in (False, True):
            try:
                async with writing(self._engine) as connection:
                    return await opening.open_one(
                        connection,
                        user_id=user_id,
                        exam_id=exam_id,
                        consent=consent,
                        profile=profile,
                        invitation=invitation,
                        resume_only=resume_only,
                        now=datetime.now(UTC),
                    )
            except IntegrityError:
                # Somebody opened the same sitting in the same moment: it is there now.
                if last:
                    raise
        raise AssertionError("unreachable")

    async def sitting(self, sitting_id: str) -> Sitting | None:
        async with reading(self._engine) as connection:
            found = await connection.execute(select(sittings).where(sittings.c.id == sitting_id))
            row = found.one_or_none()
            return opening.sitting_from(row) if row else None

    async def sittings(self, limit: int = 50, offset: int = 0) -> list[Sitting]:
        """The newest first."""
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(sittings)
                .order_by(sittings.c.created_at.desc(), sittings.c.id)
                .limit(limit)
                .offset(offset)
            )
            return [opening.sitting_from(row) for row in found]

    async def sittings_like(self, prefix: str, limit: int = 2) -> list[Sitting]:
        """The sittings whose id begins so."""
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(sittings)
                .where(sittings.c.id.startswith(prefix, autoescape=True))
                .order_by(sittings.c.id)
                .limit(limit)
            )
            return [opening.sitting_from(row) for row in found]

    # The worker's side

    async def claim(self, sitting_id: str, holder: str) -> Lease:
        """Become the sitting's examiner; every earlier fence is stale from here on.

        Raises SittingHeld while somebody else is, SittingOver, UnknownSitting.
        """
        async with writing(self._engine) as connection:
            return await leasing.claim(connection, sitting_id, holder)

    async def renew(self, lease: Lease) -> None:
        """Show that the holder lives. Raises StaleFence when the lease was broken."""
        async with writing(self._engine) as connection:
            await leasing.renew(connection, lease)

    async def release(self, lease: Lease) -> None:
        """Give the sitting back. A lease that was broken needs nothing."""
        async with writing(self._engine) as connection:
            await leasing.release(connection, lease)

    async def leases(self) -> list[LeaseBeat]:
        """Every lease with its beat at this moment."""
        async with reading(self._engine) as connection:
            return await leasing.beats(connection)

    async def break_lease(self, seen: LeaseBeat) -> bool:
        """Take away a lease whose beat has stood still since; False: it lives, or is gone."""
        async with writing(self._engine) as connection:
            return await leasing.break_lease(connection, seen)

    async def unattended(self) -> list[Sitting]:
        """The sittings that are not over and that nobody examines, the oldest first; without
        their papers, of which there may be many."""
        async with reading(self._engine) as connection:
            return await leasing.unattended(connection)

    async def abandon(self, sitting_id: str, fence: int) -> None:
        """End a sitting whose student stayed away; one without a turn stays as it is.

        Raises StaleFence, SittingOver.
        """
        async with writing(self._engine) as connection:
            await leasing.abandon(connection, sitting_id, fence)

    async def reopen(self, sitting_id: str) -> None:
        """Let the student of an abandoned sitting go on; a result that was given is taken back.

        Raises NotAbandoned, also while another sitting of the student's is open; UnknownSitting.
        """
        async with writing(self._engine) as connection:
            await leasing.reopen(connection, sitting_id)

    async def commit_turn(self, sitting_id: str, fence: int, turn: TurnRecord) -> None:
        """Write the turn and all that follows from it, or nothing. The same again changes nothing.

        Raises StaleFence, TurnExists, UnknownSitting.
        """
        async with writing(self._engine) as connection:
            await commits.commit(connection, sitting_id, fence, turn)

    async def note_heard(
        self,
        sitting_id: str,
        fence: int,
        turn: int,
        position: int,
        *,
        started_at: datetime,
        heard_ms: int,
        whole: bool,
        segment: int | None = None,
        offset_ms: int | None = None,
    ) -> None:
        """How much of an utterance was really played, and where it is in the recording.

        Raises StaleFence, UnknownUtterance.
        """
        async with writing(self._engine) as connection:
            await commits.hold(connection, sitting_id, fence)
            changed = await connection.execute(
                update(utterances)
                .where(
                    and_(
                        utterances.c.sitting_id == sitting_id,
                        utterances.c.turn == turn,
                        utterances.c.position == position,
                    )
                )
                .values(
                    started_at=started_at,
                    heard_ms=heard_ms,
                    whole=whole,
                    segment=segment,
                    offset_ms=offset_ms,
                )
            )
            if changed.rowcount == 0:
                raise UnknownUtterance(
                    f"Sitting {sitting_id} has no utterance {position} in turn {turn}."
                )
            await chain.add(connection, sitting_id, "heard", f"{turn}.{position}")

    async def keep_draft(
        self, sitting_id: str, fence: int, question_id: str | None, text: str
    ) -> None:
        """Keep the words of a turn that is not certain yet. Raises StaleFence."""
        values = {"question_id": question_id, "text": text, "at": datetime.now(UTC)}
        async with writing(self._engine) as connection:
            await commits.hold(connection, sitting_id, fence)
            await commits.put(connection, drafts, {"sitting_id": sitting_id}, values)

    async def draft(self, sitting_id: str) -> Draft | None:
        async with reading(self._engine) as connection:
            found = await connection.execute(
                select(drafts.c.question_id, drafts.c.text, drafts.c.at).where(
                    drafts.c.sitting_id == sitting_id
                )
            )
            row = found.one_or_none()
            return Draft(**row._mapping) if row else None

    async def turns(self, sitting_id: str, after: int = -1) -> list[TurnRecord]:
        """The recorded turns with a number above `after`, with their utterances."""
        async with reading(self._engine) as connection:
            return await commits.read(connection, sitting_id, after)

    async def answers(self, sitting_id: str) -> list[AnswerView]:
        async with reading(self._engine) as connection:
            return await commits.read_answers(connection, sitting_id)

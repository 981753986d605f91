"""Leases on a real SQLite file: one holder, a beat that rises, a fence behind it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from records.engine import reading, writing
from records.errors import NotAbandoned, SittingHeld, SittingOver, StaleFence, UnknownSitting
from records.model import LeaseBeat, Sitting, TurnRecord
from records.schema import releases, sittings
from records.store import Records

pytestmark = pytest.mark.unit

CONSENT = {"recording": False, "text_version": "1"}


async def _sitting(records: Records, user: str = "ann") -> Sitting:
    sitting, _ = await records.open_sitting(
        user_id=user, exam_id="cells", consent=CONSENT, profile={}, invitation=None
    )
    return sitting


async def _abandoned(records: Records, sitting: Sitting) -> Sitting:
    lease = await records.claim(sitting.id, "a")
    await records.commit_turn(sitting.id, lease.fence, _turn())
    await records.abandon(sitting.id, lease.fence)
    await records.release(lease)
    return sitting


def _turn(number: int = 0) -> TurnRecord:
    return TurnRecord(
        number=number,
        event={"type": "started"},
        understood=None,
        question_id=None,
        answers_question=False,
        text="",
        confidence=None,
        words=[],
        at=datetime.now(UTC),
        used_ms=0,
    )


async def test_one_of_many_who_claim_at_once_gets_the_sitting(records: Records) -> None:
    sitting = await _sitting(records)
    claims = [records.claim(sitting.id, f"holder-{number}") for number in range(8)]
    outcomes = await asyncio.gather(*claims, return_exceptions=True)
    refused = [each for each in outcomes if isinstance(each, SittingHeld)]
    assert len(refused) == 7
    (lease,) = [each for each in outcomes if not isinstance(each, BaseException)]
    assert lease.fence == 1
    assert await records.leases() == [LeaseBeat(sitting.id, 1, 0)]
    assert refused[0].lease == LeaseBeat(sitting.id, 1, 0)


async def test_each_renewal_is_a_beat(records: Records) -> None:
    lease = await records.claim((await _sitting(records)).id, "a")
    await records.renew(lease)
    await records.renew(lease)
    assert [each.beat for each in await records.leases()] == [2]


async def test_a_lease_that_is_given_back_can_be_claimed(records: Records) -> None:
    sitting = await _sitting(records)
    first = await records.claim(sitting.id, "a")
    assert await records.unattended() == []
    await records.release(first)
    assert [each.id for each in await records.unattended()] == [sitting.id]
    second = await records.claim(sitting.id, "b")
    assert second.fence > first.fence
    await records.release(first)
    assert len(await records.leases()) == 1, "the old holder gives back what is not its own"


async def test_a_lease_that_beats_is_not_broken(records: Records) -> None:
    lease = await records.claim((await _sitting(records)).id, "a")
    (seen,) = await records.leases()
    await records.renew(lease)
    assert not await records.break_lease(seen)
    await records.renew(lease)


async def test_of_several_who_break_a_lease_one_does(records: Records) -> None:
    await records.claim((await _sitting(records)).id, "a")
    (seen,) = await records.leases()
    broken = await asyncio.gather(*(records.break_lease(seen) for _ in range(5)))
    assert sorted(broken) == [False, False, False, False, True]


async def test_a_broken_lease_can_write_nothing(records: Records) -> None:
    sitting = await _sitting(records)
    slow = await records.claim(sitting.id, "a")
    (seen,) = await records.leases()
    await records.break_lease(seen)
    for write in (
        records.renew(slow),
        records.commit_turn(sitting.id, slow.fence, _turn()),
        records.keep_draft(sitting.id, slow.fence, "q1", "words"),
        records.abandon(sitting.id, slow.fence),
    ):
        with pytest.raises(StaleFence):
            await write
    lease = await records.claim(sitting.id, "b")
    await records.commit_turn(sitting.id, lease.fence, _turn())
    with pytest.raises(StaleFence):
        await records.renew(slow)


async def test_an_abandoned_sitting_is_over_until_it_is_reopened(records: Records) -> None:
    sitting = await _abandoned(records, await _sitting(records))
    over = await records.sitting(sitting.id)
    assert over is not None
    assert (over.status, over.flags) == ("abandoned", ["abandoned"])
    assert over.finished_at is not None
    assert await records.unattended() == []
    with pytest.raises(SittingOver):
        await records.claim(sitting.id, "b")
    await records.reopen(sitting.id)
    again = await records.sitting(sitting.id)
    assert again is not None
    assert (again.status, again.finished_at, again.flags) == ("running", None, ["abandoned"])
    assert (await _sitting(records)).id == sitting.id, "the student's link leads back into it"
    assert (await records.claim(sitting.id, "b")).fence > over.fence


async def test_only_an_abandoned_sitting_is_reopened(records: Records) -> None:
    sitting = await _sitting(records)
    with pytest.raises(NotAbandoned):
        await records.reopen(sitting.id)
    with pytest.raises(UnknownSitting):
        await records.reopen("none")


async def test_a_sitting_is_not_reopened_beside_another_open_one(records: Records) -> None:
    invitation = await records.create_invitation(
        user_id="ann",
        exam_id="cells",
        profile={},
        attempts=2,
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )
    asked: dict[str, Any] = {"user_id": "ann", "exam_id": "cells", "consent": CONSENT}
    asked |= {"profile": {}, "invitation": invitation.jti}
    first, _ = await records.open_sitting(**asked)
    await _abandoned(records, first)
    _, resumed = await records.open_sitting(**asked)
    assert not resumed
    with pytest.raises(NotAbandoned, match="another sitting of this exam open"):
        await records.reopen(first.id)
    kept = await records.sitting(first.id)
    assert kept is not None
    assert kept.status == "abandoned"


async def test_an_operator_who_reopens_takes_back_the_result_that_was_given(
    records: Records,
) -> None:
    there = await _abandoned(records, await _sitting(records))
    async with writing(records.engine) as connection:
        await connection.execute(update(sittings).values(released_at=datetime.now(UTC)))
    await records.reopen(there.id)
    async with reading(records.engine) as connection:
        assert await connection.scalar(select(sittings.c.released_at)) is None
        acts = await connection.execute(select(releases.c.action, releases.c.teacher))
        assert acts.all() == [("withdrawn", "the operator")]


async def test_a_sitting_that_was_not_begun_is_not_abandoned(records: Records) -> None:
    sitting = await _sitting(records)
    lease = await records.claim(sitting.id, "a")
    await records.abandon(sitting.id, lease.fence)
    found = await records.sitting(sitting.id)
    assert found is not None
    assert found.status == "running"

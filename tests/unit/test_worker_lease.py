"""A sitting's lease as its examiner holds it: renewed, waited for, lost."""

import asyncio

import pytest

from records.errors import RecordsUnavailable, SittingHeld
from records.model import Lease, LeaseBeat, Sitting
from records.store import Records
from tests.flow.conftest import HandClock, eventually
from worker.lease import holding

pytestmark = pytest.mark.unit


@pytest.fixture
async def sitting(records: Records) -> Sitting:
    sitting, _ = await records.open_sitting(
        user_id="ann",
        exam_id="cells",
        consent={"recording": False, "text_version": "1"},
        profile={},
        invitation=None,
    )
    return sitting


async def _pass(clock: HandClock, seconds: float) -> None:
    """Once somebody waits for it, time passes; returns when somebody waits again."""
    await eventually(lambda: clock.slept_on)
    clock.advance(seconds)
    await eventually(lambda: clock.slept_on)


async def _beat(records: Records) -> LeaseBeat:
    (beat,) = await records.leases()
    return beat


async def test_a_held_sitting_is_renewed_and_given_back(records: Records, sitting: Sitting) -> None:
    clock = HandClock()
    async with holding(records, sitting.id, sleep=clock.sleep) as hold:
        await _pass(clock, 0.9)
        assert (await _beat(records)).beat == 0
        await _pass(clock, 0.1)
        assert (await _beat(records)).beat == 1
        assert not hold.lost.is_set()
    assert await records.leases() == []


async def test_who_lives_is_left_alone(records: Records, sitting: Sitting) -> None:
    clock = HandClock()
    lease = await records.claim(sitting.id, "a")

    async def hold() -> None:
        async with holding(records, sitting.id, sleep=clock.sleep):
            pytest.fail("two examiners")

    second = asyncio.create_task(hold())
    await _pass(clock, 2.9)
    await records.renew(lease)
    clock.advance(0.1)
    with pytest.raises(SittingHeld):
        await second


async def test_who_died_is_replaced(records: Records, sitting: Sitting) -> None:
    clock = HandClock()
    dead = await records.claim(sitting.id, "a")

    async def hold() -> int:
        async with holding(records, sitting.id, sleep=clock.sleep) as held:
            return held.fence

    second = asyncio.create_task(hold())
    await _pass(clock, 2.9)
    assert not second.done()
    clock.advance(0.1)
    assert await second > dead.fence
    assert await records.leases() == []


async def test_a_lease_that_was_broken_is_lost(records: Records, sitting: Sitting) -> None:
    clock = HandClock()
    async with holding(records, sitting.id, sleep=clock.sleep) as hold:
        assert await records.break_lease(await _beat(records))
        await eventually(lambda: clock.slept_on)
        clock.advance(1)
        await asyncio.wait_for(hold.lost.wait(), 5)
        successor = await records.claim(sitting.id, "b")
    assert (await _beat(records)).fence == successor.fence, "the loser took the lease along"


async def test_a_database_that_is_down_loses_no_lease(
    records: Records, sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, renew = HandClock(), records.renew
    down = True

    async def renew_or_fail(lease: Lease) -> None:
        if down:
            raise RecordsUnavailable("The database cannot be used: it is away")
        await renew(lease)

    monkeypatch.setattr(records, "renew", renew_or_fail)
    async with holding(records, sitting.id, sleep=clock.sleep) as hold:
        await _pass(clock, 1)
        assert (await _beat(records)).beat == 0
        down = False
        await _pass(clock, 1)
        assert (await _beat(records)).beat == 1
        assert not hold.lost.is_set()

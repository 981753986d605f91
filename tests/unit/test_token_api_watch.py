"""The examiner's dispatch, made again until somebody comes, and never twice at once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sized
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from livekit import api
from livekit.protocol import agent as agents

from records.migrate import migrate
from records.model import Sitting, TurnRecord
from records.store import Records
from tests.stand_ins.livekit_api import LiveKitStandIn
from token_api.rooms import JOIN_LIMIT_S, LIST_LAG_S, LiveKitUnavailable, Rooms
from token_api.watch import Watch

pytestmark = pytest.mark.unit


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    url = f"sqlite:///{tmp_path / 'voxam.db'}"
    await asyncio.to_thread(migrate, url)
    records = await Records.open(url)
    await records.publish_paper("cells", {"questions": []}, "hash")
    yield records
    await records.close()


@pytest.fixture
async def sitting(records: Records) -> Sitting:
    sitting, _ = await records.open_sitting(
        user_id="ann", exam_id="cells", consent={}, profile={}, invitation=None
    )
    return sitting


@pytest.fixture
def livekit() -> LiveKitStandIn:
    return LiveKitStandIn()


@pytest.fixture
def rooms(livekit: LiveKitStandIn) -> Rooms:
    session = cast(aiohttp.ClientSession, livekit)
    return Rooms(api.LiveKitAPI("ws://livekit", "key", "s" * 32, session=session))


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


class TestSending:
    async def test_many_at_once_send_once(
        self, rooms: Rooms, livekit: LiveKitStandIn, sitting: Sitting
    ) -> None:
        livekit.worker = False
        await asyncio.gather(*(rooms.prepare(sitting) for _ in range(10)))
        assert len(livekit.sent) == 1

    async def test_a_dispatch_has_time_to_be_taken(
        self, rooms: Rooms, livekit: LiveKitStandIn, sitting: Sitting
    ) -> None:
        livekit.worker = False
        await rooms.prepare(sitting)
        livekit.age(sitting.room_name, LIST_LAG_S - 1)
        await rooms.prepare(sitting)
        assert len(livekit.sent) == 1
        livekit.age(sitting.room_name, 2)
        await rooms.prepare(sitting)
        assert len(livekit.sent) == 2
        # The one that was dropped is off the list, and the room's own is left alone.
        assert [d.id for d in livekit.dispatches[sitting.room_name]] == ["AD_0", "AD_2"]

    async def test_a_job_has_time_to_join(
        self, rooms: Rooms, livekit: LiveKitStandIn, sitting: Sitting
    ) -> None:
        await rooms.prepare(sitting)
        livekit.identities[sitting.room_name].clear()
        livekit.age(sitting.room_name, JOIN_LIMIT_S - 1)
        await rooms.prepare(sitting)
        assert len(livekit.sent) == 1
        livekit.age(sitting.room_name, 2)
        await rooms.prepare(sitting)
        assert len(livekit.sent) == 2
        # Deleting one with a job would throw the new examiner out.
        assert len(livekit.dispatches[sitting.room_name]) == 3

    @pytest.mark.parametrize("status", [agents.JS_FAILED, agents.JS_SUCCESS])
    async def test_a_job_that_ended_is_replaced_at_once(
        self, rooms: Rooms, livekit: LiveKitStandIn, sitting: Sitting, status: agents.JobStatus
    ) -> None:
        await rooms.prepare(sitting)
        livekit.dispatches[sitting.room_name][-1].state.jobs[0].state.status = status
        await rooms.prepare(sitting)
        assert len(livekit.sent) == 1, "the examiner is still there"
        livekit.identities[sitting.room_name].clear()
        await rooms.prepare(sitting)
        assert len(livekit.sent) == 2

    async def test_an_examiner_in_the_room_is_enough(
        self, rooms: Rooms, livekit: LiveKitStandIn, sitting: Sitting
    ) -> None:
        await rooms.prepare(sitting)
        livekit.age(sitting.room_name, 3600)
        await rooms.prepare(sitting)
        assert len(livekit.sent) == 1

    async def test_livekit_down_or_refusing(
        self, rooms: Rooms, livekit: LiveKitStandIn, sitting: Sitting
    ) -> None:
        livekit.refusing = True
        with pytest.raises(LiveKitUnavailable, match="refuses"):
            await rooms.check()
        livekit.down = True
        with pytest.raises(LiveKitUnavailable, match="cannot be reached"):
            await rooms.prepare(sitting)


class TestWatching:
    @pytest.fixture
    def watch(self, rooms: Rooms, records: Records) -> Watch:
        return Watch(rooms, records, longest_wait_s=0.01)

    async def test_sends_again_until_an_examiner_comes(
        self, watch: Watch, rooms: Rooms, livekit: LiveKitStandIn, sitting: Sitting
    ) -> None:
        livekit.worker = False
        await rooms.prepare(sitting)
        async with watch:
            watch.begin(sitting)
            for _ in range(2):
                sent = len(livekit.sent)
                livekit.age(sitting.room_name, LIST_LAG_S)
                await eventually(partial(_more, livekit.sent, sent))
            livekit.worker = True
            livekit.age(sitting.room_name, LIST_LAG_S)
            await eventually(lambda: livekit.identities[sitting.room_name] == ["examiner"])
            calls = livekit.calls
            await eventually(lambda: livekit.calls > calls + 10)
        assert len(livekit.sent) == 4

    async def test_outlives_a_livekit_that_is_away(
        self, watch: Watch, rooms: Rooms, livekit: LiveKitStandIn, sitting: Sitting
    ) -> None:
        livekit.worker = False
        await rooms.prepare(sitting)
        livekit.age(sitting.room_name, LIST_LAG_S)
        livekit.down = True
        async with watch:
            watch.begin(sitting)
            calls = livekit.calls
            await eventually(lambda: livekit.calls > calls + 3)
            livekit.down, livekit.worker = False, True
            await eventually(lambda: len(livekit.sent) == 2)

    async def test_brings_nobody_to_a_room_that_is_gone(
        self, watch: Watch, rooms: Rooms, livekit: LiveKitStandIn, sitting: Sitting
    ) -> None:
        await rooms.prepare(sitting)
        livekit.forget_room(sitting.room_name)
        await self._ends_without_sending(watch, livekit, sitting)

    async def test_brings_nobody_to_a_sitting_that_is_over(
        self,
        watch: Watch,
        rooms: Rooms,
        livekit: LiveKitStandIn,
        sitting: Sitting,
        records: Records,
    ) -> None:
        await rooms.prepare(sitting)
        livekit.identities[sitting.room_name].clear()
        livekit.age(sitting.room_name, 3600)
        fence = (await records.claim(sitting.id, "test")).fence
        over = TurnRecord(
            number=0,
            event={},
            understood=None,
            question_id=None,
            answers_question=False,
            text="",
            confidence=None,
            words=[],
            at=datetime.now(UTC),
            used_ms=0,
            status="finished",
        )
        await records.commit_turn(sitting.id, fence, over)
        await self._ends_without_sending(watch, livekit, sitting)

    async def test_says_so_when_nobody_came(
        self,
        rooms: Rooms,
        records: Records,
        livekit: LiveKitStandIn,
        sitting: Sitting,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        livekit.worker = False
        await rooms.prepare(sitting)
        async with Watch(rooms, records, watch_s=0.05, longest_wait_s=0.01) as watch:
            watch.begin(sitting)
            await eventually(lambda: bool(caplog.records))
        (record,) = caplog.records
        assert record.levelno == logging.ERROR
        assert record.getMessage().startswith(f"no examiner came to sitting {sitting.id}")

    async def test_is_quiet_when_somebody_came(
        self,
        rooms: Rooms,
        records: Records,
        sitting: Sitting,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        await rooms.prepare(sitting)
        async with Watch(rooms, records, watch_s=0.05, longest_wait_s=0.01) as watch:
            watch.begin(sitting)
            await self._ended(sitting)
        assert not caplog.records

    async def test_ends_with_the_service(
        self, watch: Watch, rooms: Rooms, sitting: Sitting
    ) -> None:
        await rooms.prepare(sitting)
        async with watch:
            watch.begin(sitting)
            watch.begin(sitting)
            await asyncio.sleep(0)
        assert not _watches(sitting)

    async def _ends_without_sending(
        self, watch: Watch, livekit: LiveKitStandIn, sitting: Sitting
    ) -> None:
        async with watch:
            watch.begin(sitting)
            await self._ended(sitting)
        assert len(livekit.sent) == 1

    async def _ended(self, sitting: Sitting) -> None:
        await eventually(lambda: not _watches(sitting))


def _more(sent: Sized, than: int) -> bool:
    return len(sent) > than


def _watches(sitting: Sitting) -> list[Awaitable[object]]:
    return [task for task in asyncio.all_tasks() if task.get_name() == f"watch {sitting.id}"]

"""An examiner for every student who waits, on a record of its own and by a clock moved by hand."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from livekit import api
from pydantic import SecretStr

from keeper import keeping as loop
from keeper.keeping import Keeping
from keeper.rooms import LiveKitUnavailable, Rooms
from keeper.settings import Settings
from records.dispatch import Dispatch
from records.errors import RecordsUnavailable
from records.migrate import migrate
from records.model import Lease, LeaseBeat, Sitting, TurnRecord
from records.store import Records
from tests.stand_ins.livekit_api import LiveKitStandIn

pytestmark = pytest.mark.unit

STUDENT = "student-ann"
GRACE_S = 20.0
SETTINGS = Settings(
    livekit_api_key="key", livekit_api_secret=SecretStr("s" * 32), student_grace_s=GRACE_S
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    url = f"sqlite:///{tmp_path / 'voxam.db'}"
    await asyncio.to_thread(migrate, url)
    records = await Records.open(url)
    await records.publish_paper("cells", {"questions": []}, "hash")
    yield records
    await records.close()


class Scene:
    """Keepers, and what they look after. In the beginning no worker runs."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.livekit = LiveKitStandIn()
        self.livekit.worker = False
        self.clock = Clock()
        self.keepers = [self.keeper()]

    def keeper(self) -> Keeping:
        session = cast(aiohttp.ClientSession, self.livekit)
        rooms = Rooms(api.LiveKitAPI("ws://livekit", "key", "s" * 32, session=session))
        return Keeping(self.records, rooms, SETTINGS, self.clock)

    async def sitting(self, user: str = "ann") -> Sitting:
        """A sitting whose room was made as the token API makes it."""
        sitting, _ = await self.records.open_sitting(
            user_id=user, exam_id="cells", consent={}, profile={}, invitation=None
        )
        examiner = api.RoomAgentDispatch(
            agent_name="examiner", metadata=Dispatch(sitting.id).encode()
        )
        async with api.LiveKitAPI(
            "ws://livekit", "key", "s" * 32, session=cast(aiohttp.ClientSession, self.livekit)
        ) as livekit:
            await livekit.room.create_room(
                api.CreateRoomRequest(name=sitting.room_name, agents=[examiner])
            )
        return sitting

    async def seconds(self, seconds: float, alive: Lease | None = None) -> None:
        """Time passes; keepers look all the while, and `alive` is renewed."""
        for half in range(round(seconds * 2)):
            self.clock.now += 0.5
            if alive and half % 2 == 0:
                await self.records.renew(alive)
            await self.look()

    async def look(self) -> None:
        for keeper in self.keepers:
            await keeper.look_at_leases()
            await keeper.look_at_rooms()

    async def status(self, sitting: Sitting) -> str:
        now = await self.records.sitting(sitting.id)
        assert now is not None
        return now.status

    async def seconds_until(self, holds: Callable[[], bool], limit: float = 60) -> float:
        began = self.clock.now
        while not holds():
            assert self.clock.now - began < limit
            await self.seconds(0.5)
        return self.clock.now - began


@pytest.fixture
def scene(records: Records) -> Scene:
    return Scene(records)


def _turn(number: int = 0, *, over: bool = False) -> TurnRecord:
    return TurnRecord(
        number=number,
        event={},
        understood=None,
        question_id=None,
        answers_question=False,
        text="",
        confidence=None,
        words=[],
        at=datetime.now(UTC),
        used_ms=0,
        status="finished" if over else None,
    )


class TestNoWorker:
    async def test_the_dispatch_that_came_with_the_room_has_time_to_be_taken(
        self, scene: Scene
    ) -> None:
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        await scene.seconds(6)
        assert len(scene.livekit.sent) == 1
        await scene.seconds(2)
        assert len(scene.livekit.sent) == 2
        again = scene.livekit.sent[-1]
        assert (again.room, again.agent_name) == (sitting.room_name, "examiner")
        assert Dispatch.parse(again.metadata).session_id == sitting.id

    async def test_sends_again_and_again_until_an_examiner_comes_and_never_in_a_storm(
        self, scene: Scene
    ) -> None:
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        await scene.seconds(60)
        assert 6 <= len(scene.livekit.sent) <= 10
        scene.livekit.worker = True
        await scene.seconds_until(lambda: "examiner" in scene.livekit.people[sitting.room_name], 10)
        sent = len(scene.livekit.sent)
        lease = await scene.records.claim(sitting.id, "holder")
        await scene.seconds(25, alive=lease)
        assert len(scene.livekit.sent) == sent

    async def test_the_student_is_told_at_once_and_after_a_minute_that_nobody_comes(
        self, scene: Scene, caplog: pytest.LogCaptureFixture
    ) -> None:
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        await scene.look()
        assert scene.livekit.told == [(STUDENT, "examiner_on_the_way")]
        await scene.seconds(59.5)
        assert len(scene.livekit.told) == 1
        await scene.seconds(60)
        assert scene.livekit.told[1:] == [(STUDENT, "examiner_missing")]
        errors = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
        assert errors == [f"no examiner came to sitting {sitting.id}: is a worker running?"]
        assert await scene.status(sitting) == "open", "nothing has begun, so no clock runs"

    async def test_a_page_that_is_loaded_again_is_told_and_tried_for_again(
        self, scene: Scene
    ) -> None:
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        await scene.seconds(70)
        scene.livekit.enter(sitting.room_name, STUDENT)
        await scene.look()
        assert scene.livekit.told[-1] == (STUDENT, "examiner_on_the_way")
        await scene.seconds(59.5)
        assert [code for _, code in scene.livekit.told].count("examiner_missing") == 1

    async def test_what_the_page_was_told_is_taken_back_when_an_examiner_comes(
        self, scene: Scene
    ) -> None:
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        await scene.seconds(61)
        lease = await scene.records.claim(sitting.id, "holder")
        await scene.seconds(5, alive=lease)
        codes = [code for _, code in scene.livekit.told]
        assert codes == ["examiner_on_the_way", "examiner_missing", "-examiner_missing"]

    async def test_a_job_has_time_to_begin_and_is_replaced_when_it_does_not(
        self, scene: Scene
    ) -> None:
        scene.livekit.worker = True
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        await scene.seconds(19)
        assert len(scene.livekit.sent) == 1
        await scene.seconds(2)
        assert len(scene.livekit.sent) == 2


class TestNobodyToExamine:
    async def test_a_room_without_a_student(self, scene: Scene) -> None:
        sitting = await scene.sitting()
        await scene.seconds(2 * GRACE_S)
        assert len(scene.livekit.sent) == 1
        assert scene.livekit.told == []
        assert await scene.status(sitting) == "open"

    async def test_a_sitting_that_is_over(self, scene: Scene) -> None:
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        lease = await scene.records.claim(sitting.id, "holder")
        await scene.records.commit_turn(sitting.id, lease.fence, _turn(over=True))
        await scene.records.release(lease)
        await scene.seconds(30)
        assert len(scene.livekit.sent) == 1
        assert scene.livekit.told == []

    async def test_a_room_that_livekit_has_lost_is_not_made_again(self, scene: Scene) -> None:
        sitting = await scene.sitting()
        scene.livekit.forget_room(sitting.room_name)
        await scene.seconds(30)
        assert (len(scene.livekit.sent), scene.livekit.rooms) == (1, {})


class TestAnExaminerDies:
    async def _dies(self, scene: Scene) -> Sitting:
        """Its job goes on being listed, and its ghost is in the room."""
        scene.livekit.worker = True
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        lease = await scene.records.claim(sitting.id, "dead")
        await scene.seconds(8, alive=lease)
        assert (len(scene.livekit.sent), scene.livekit.told) == (1, [])
        return sitting

    async def test_the_page_knows_and_another_is_sent_for_within_five_seconds(
        self, scene: Scene
    ) -> None:
        sitting = await self._dies(scene)
        told = await scene.seconds_until(lambda: bool(scene.livekit.told))
        assert 2 <= told <= 4
        assert scene.livekit.removed == ["examiner"], "or its end would be taken for the next one's"
        assert scene.livekit.told == [(STUDENT, "examiner_failed")]
        assert len(scene.livekit.sent) == 2
        assert await scene.records.leases() == []
        lease = await scene.records.claim(sitting.id, "new")
        await scene.seconds(25, alive=lease)
        assert len(scene.livekit.sent) == 2
        assert scene.livekit.told[1:] == [(STUDENT, "-examiner_failed")]

    async def test_one_that_died_in_the_farewell_leaves_no_room_behind(self, scene: Scene) -> None:
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        lease = await scene.records.claim(sitting.id, "dead")
        await scene.records.commit_turn(sitting.id, lease.fence, _turn(over=True))
        await scene.seconds(8, alive=lease)
        assert sitting.room_name in scene.livekit.rooms
        await scene.seconds(5)
        assert sitting.room_name not in scene.livekit.rooms
        assert len(scene.livekit.sent) == 1

    async def test_one_of_several_keepers_sends_for_one(
        self, scene: Scene, caplog: pytest.LogCaptureFixture
    ) -> None:
        scene.keepers += [scene.keeper(), scene.keeper()]
        await self._dies(scene)
        await scene.seconds(5)
        assert len(scene.livekit.sent) == 2
        died = [each for each in caplog.records if "has not been heard of" in each.getMessage()]
        assert len(died) == 1
        codes = {code for _, code in scene.livekit.told}
        assert "examiner_failed" in codes

    async def test_keepers_that_look_in_the_same_moment_break_one_lease_once(
        self, scene: Scene
    ) -> None:
        scene.keepers += [scene.keeper(), scene.keeper()]
        sitting = await self._dies(scene)
        await scene.seconds(2)
        assert len(await scene.records.leases()) == 1
        scene.clock.now += 0.5
        await asyncio.gather(*(keeper.look_at_leases() for keeper in scene.keepers))
        now = await scene.records.sitting(sitting.id)
        assert now is not None
        assert now.fence == 2, "broken once"

    async def test_while_the_student_is_away_nobody_is_sent_for(self, scene: Scene) -> None:
        sitting = await self._dies(scene)
        scene.livekit.leave(sitting.room_name, STUDENT)
        await scene.seconds(30)
        assert len(scene.livekit.sent) == 1
        scene.livekit.enter(sitting.room_name, STUDENT)
        await scene.look()
        assert len(scene.livekit.sent) == 2

    async def test_one_that_gives_the_sitting_back_is_replaced_at_once(self, scene: Scene) -> None:
        scene.livekit.worker = True
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        lease = await scene.records.claim(sitting.id, "holder")
        await scene.seconds(8, alive=lease)
        await scene.records.release(lease)
        await scene.look()
        assert len(scene.livekit.sent) == 2
        assert scene.livekit.told == [(STUDENT, "examiner_on_the_way")]

    async def test_one_that_fails_again_and_again_is_sent_for_more_and_more_slowly(
        self, scene: Scene
    ) -> None:
        scene.livekit.worker = True
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        for _ in range(60):
            lease = await scene.records.claim(sitting.id, "holder")
            await scene.look()
            await scene.records.release(lease)
            await scene.seconds(1)
        assert 5 <= len(scene.livekit.sent) <= 12


class TestTroubleIsNotDeath:
    async def _held(self, scene: Scene) -> tuple[Sitting, Lease]:
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        lease = await scene.records.claim(sitting.id, "holder")
        await scene.seconds(5, alive=lease)
        return sitting, lease

    async def test_after_a_database_that_was_away_examiners_have_time_to_renew(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, lease = await self._held(scene)
        with monkeypatch.context() as patch:
            patch.setattr(scene.records, "leases", _unavailable)
            for _ in range(4):
                scene.clock.now += 0.5
                with pytest.raises(RecordsUnavailable):
                    await scene.look()
        await scene.seconds(2.5)
        assert len(await scene.records.leases()) == 1
        await scene.seconds(5, alive=lease)
        assert len(await scene.records.leases()) == 1

    async def test_where_writes_wait_for_a_lock_examiners_have_time_to_renew(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, lease = await self._held(scene)
        real = scene.records.break_lease

        async def waits(beat: LeaseBeat) -> bool:
            scene.clock.now += 2
            return await real(beat)

        with monkeypatch.context() as patch:
            patch.setattr(scene.records, "break_lease", waits)
            await scene.seconds(3)
        await scene.seconds(1.5)
        assert len(await scene.records.leases()) == 1
        await scene.seconds(5, alive=lease)
        assert len(await scene.records.leases()) == 1

    async def test_livekit_is_waited_for(self, scene: Scene) -> None:
        sitting = await scene.sitting()
        scene.livekit.enter(sitting.room_name, STUDENT)
        scene.livekit.down = True
        with pytest.raises(LiveKitUnavailable, match="cannot be reached"):
            await scene.look()
        scene.livekit.down, scene.livekit.refusing = False, True
        with pytest.raises(LiveKitUnavailable, match="refuses"):
            await scene.look()
        scene.livekit.refusing = False
        await scene.look()
        assert scene.livekit.told == [(STUDENT, "examiner_on_the_way")]

    async def test_one_room_in_trouble_does_not_keep_the_others_waiting(self, scene: Scene) -> None:
        broken, good = await scene.sitting("bob"), await scene.sitting("cy")
        for sitting in (broken, good):
            scene.livekit.enter(sitting.room_name, f"student-{sitting.user_id}")
        del scene.livekit.dispatches[broken.room_name]
        await scene.look()
        assert scene.livekit.told == [("student-cy", "examiner_on_the_way")]


class TestAbandoned:
    async def _left(self, scene: Scene, turns: int = 1) -> Sitting:
        """An exam whose examiner died while its student was away."""
        scene.livekit.worker = True
        sitting = await scene.sitting()
        lease = await scene.records.claim(sitting.id, "dead")
        for number in range(turns):
            await scene.records.commit_turn(sitting.id, lease.fence, _turn(number))
        await scene.seconds(4)
        assert await scene.records.leases() == []
        return sitting

    async def test_after_the_grace_and_its_room_with_it(self, scene: Scene) -> None:
        sitting = await self._left(scene)
        await scene.seconds(GRACE_S - 5)
        assert await scene.status(sitting) == "running"
        await scene.seconds(6)
        assert await scene.status(sitting) == "abandoned"
        assert scene.livekit.rooms == {}

    async def test_also_when_livekit_has_deleted_the_room(self, scene: Scene) -> None:
        sitting = await self._left(scene)
        scene.livekit.forget_room(sitting.room_name)
        await scene.seconds(GRACE_S + 1)
        assert await scene.status(sitting) == "abandoned"

    async def test_not_when_the_student_comes_back_in_time(self, scene: Scene) -> None:
        sitting = await self._left(scene)
        await scene.seconds(GRACE_S - 5)
        scene.livekit.enter(sitting.room_name, STUDENT)
        await scene.look()
        scene.livekit.leave(sitting.room_name, STUDENT)
        await scene.seconds(GRACE_S - 5)
        assert await scene.status(sitting) == "running"

    async def test_not_when_the_student_could_not_come_back(self, scene: Scene) -> None:
        sitting = await self._left(scene)
        scene.livekit.down = True
        for _ in range(round(GRACE_S)):
            scene.clock.now += 1
            with pytest.raises(LiveKitUnavailable):
                await scene.look()
        scene.livekit.down = False
        await scene.seconds(GRACE_S - 5)
        assert await scene.status(sitting) == "running"

    async def test_one_that_was_reopened_waits_for_its_student_however_long(
        self, scene: Scene
    ) -> None:
        sitting = await self._left(scene)
        await scene.seconds(GRACE_S + 1)
        await scene.records.reopen(sitting.id)
        await scene.seconds(3 * GRACE_S)
        assert await scene.status(sitting) == "running"
        lease = await scene.records.claim(sitting.id, "again")
        await scene.seconds(2, alive=lease)
        await scene.seconds(4 + GRACE_S)
        assert await scene.status(sitting) == "abandoned"

    async def test_not_before_it_has_begun(self, scene: Scene) -> None:
        sitting = await self._left(scene, turns=0)
        await scene.seconds(2 * GRACE_S)
        assert await scene.status(sitting) == "running"
        assert sitting.room_name in scene.livekit.rooms


class TestGoingOn:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(loop, "BREATH_S", 0.001)
        monkeypatch.setattr(loop, "LEASES_EVERY_S", 0.001)

    async def test_it_looks_when_it_is_woken(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(loop, "ROOMS_EVERY_S", 3600)
        sitting = await scene.sitting()
        (keeper,) = scene.keepers
        going_on = asyncio.create_task(keeper.run())
        await eventually(partial(_looked, scene.livekit, scene.livekit.calls + 2))
        scene.livekit.enter(sitting.room_name, STUDENT)
        keeper.wake()
        await eventually(lambda: bool(scene.livekit.told))
        going_on.cancel()
        await asyncio.gather(going_on, return_exceptions=True)

    async def test_trouble_is_told_once_and_when_it_is_over(
        self, scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "keeper")
        monkeypatch.setattr(loop, "ROOMS_EVERY_S", 0.001)
        await scene.sitting()
        scene.livekit.down = True
        (keeper,) = scene.keepers
        going_on = asyncio.create_task(keeper.run())
        await eventually(partial(_looked, scene.livekit, scene.livekit.calls + 4))
        scene.livekit.down = False
        await eventually(lambda: len(caplog.records) == 2)
        going_on.cancel()
        await asyncio.gather(going_on, return_exceptions=True)
        trouble, over = (each.getMessage() for each in caplog.records)
        assert trouble.startswith("cannot look after the exams: LiveKit cannot be reached")
        assert over == "can look after the exams again"

    async def test_a_keeper_that_cannot_look_says_so(self, scene: Scene) -> None:
        (keeper,) = scene.keepers
        await scene.seconds(60)
        assert not keeper.stalled
        scene.clock.now += 16
        assert keeper.stalled


async def _unavailable() -> list[LeaseBeat]:
    raise RecordsUnavailable("The database cannot be used.")


def _looked(livekit: LiveKitStandIn, calls: int) -> bool:
    return livekit.calls >= calls


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.005)

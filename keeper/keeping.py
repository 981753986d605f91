"""Brings an examiner to every room that has a student, an unfinished sitting and no examiner.

Two looks, each again and again: one at the leases, which tells soon that an examiner has died, and
one at the rooms of all sittings that nobody examines. Any number of keepers may do so side by side:
one of them breaks a lease, and of two examiners that were sent for one gets the new one.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from keeper import figures
from keeper.heartbeats import Heartbeats
from keeper.notices import MISSING, over
from keeper.rooms import LiveKitUnavailable, Rooms, Student
from keeper.settings import Settings
from keeper.waiting import Waiting
from records.errors import RecordsError, SittingOver, StaleFence
from records.model import LeaseBeat, Sitting
from records.store import Records

LEASES_EVERY_S = 0.5
ROOMS_EVERY_S = 3.0
BREATH_S = 0.2
"""Between two looks at the rooms, however much happens."""
STALLED_S = 15.0
AT_ONCE = 8
"""So many rooms are looked at side by side."""

logger = logging.getLogger(__name__)


class Keeping:
    def __init__(
        self,
        records: Records,
        rooms: Rooms,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._records = records
        self._rooms = rooms
        self._settings = settings
        self._clock = clock
        self._heartbeats = Heartbeats(settings.lease_expires_s, clock)
        self._attended: set[str] = set()
        self._died: set[str] = set()
        """Sittings whose examiner died, until their rooms were looked at."""
        self._without = 0
        self._waiting: dict[str, Waiting] = {}
        self._woken = asyncio.Event()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._looked = clock()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(_again(self.look_at_leases, self._until_next_beat))
            group.create_task(_again(self.look_at_rooms, self._until_woken))

    def wake(self) -> None:
        """Something has happened in a room: look soon."""
        self._woken.set()

    @property
    def stalled(self) -> bool:
        """Whether the leases could not be looked at for a while."""
        return self._clock() - self._looked > STALLED_S

    async def look_at_leases(self) -> None:
        """Takes the sittings away from examiners that died. Raises RecordsError."""
        try:
            beats = await self._records.leases()
            dead = {beat.sitting_id for beat in await self._expired(beats) if await self._end(beat)}
        except RecordsError:
            self._heartbeats.forget()
            raise
        now = self._looked = self._clock()
        self._died |= dead
        attended = {beat.sitting_id for beat in beats} - dead
        for sitting_id in attended - self._attended:
            self._known(sitting_id).examiner_came(now)
        for sitting_id in self._attended - attended | dead:
            self._known(sitting_id).examiner_gone(now, failed=sitting_id in dead)
        if attended != self._attended or dead:
            self._attended = attended
            self.wake()

    async def look_at_rooms(self) -> None:
        """Sends for examiners where they are missing. Raises RecordsError, LiveKitUnavailable."""
        before = self._attended
        try:
            unattended = await self._records.unattended()
            rooms = await self._rooms.existing(sitting.room_name for sitting in unattended)
        except (RecordsError, LiveKitUnavailable):
            for known in self._waiting.values():
                known.nothing_known()
            raise
        # Whoever lost an examiner since `before` is in neither of the others.
        ids = before | self._attended | {sitting.id for sitting in unattended}
        self._waiting = {name: known for name, known in self._waiting.items() if name in ids}
        self._without = 0
        await asyncio.gather(
            *(
                self._one(each.id, self._without_lease(each, is_there=each.room_name in rooms))
                for each in unattended
            ),
            *(self._one(each, self._with_examiner(each)) for each in self._attended),
            *(self._one(each, self._after_death(each)) for each in self._died),
        )
        figures.STUDENTS_WAITING.set(self._without)

    async def _expired(self, beats: list[LeaseBeat]) -> list[LeaseBeat]:
        expired = self._heartbeats.look(beats)
        if not self._heartbeats.uneasy:
            return []
        # Where writes wait for a lock, examiners that live cannot show it. So before anybody is
        # called dead writes are tried: to break the lease of a sitting that does not exist.
        began = self._clock()
        await self._records.break_lease(LeaseBeat("", 0, 0))
        if self._clock() - began < self._settings.lease_expires_s / 2:
            return expired
        self._heartbeats.forget()
        return []

    async def _end(self, beat: LeaseBeat) -> bool:
        """Whether it was this keeper that ended the lease."""
        broken = await self._records.break_lease(beat)
        if broken:
            figures.EXAMINERS_DIED.inc()
            logger.error("sitting %s: its examiner has not been heard of", beat.sitting_id)
        return broken

    async def _one(self, sitting_id: str, look: Awaitable[None]) -> None:
        async with self._turns:
            try:
                await look
            # Trouble with one room, which may just have gone away, is not that of the others.
            except (RecordsError, LiveKitUnavailable) as error:
                logger.warning("sitting %s could not be looked after: %s", sitting_id, error)
            except Exception:
                logger.exception("sitting %s could not be looked after", sitting_id)

    async def _without_lease(self, sitting: Sitting, *, is_there: bool) -> None:
        student = await self._rooms.student(sitting.room_name) if is_there else None
        if sitting.id in self._attended:  # since this look began
            return
        if student is None:
            await self._without_student(sitting)
        else:
            await self._without_examiner(sitting, student)

    async def _without_examiner(self, sitting: Sitting, student: Student) -> None:
        self._without += 1
        known = self._known(sitting.id)
        known.room = sitting.room_name
        known.student_here(student, self._clock())
        sent = await self._rooms.sent(sitting.room_name)
        if known.needs_examiner(sent, self._clock()):
            await self._rooms.send_examiner(sitting)
            figures.EXAMINERS_SENT.inc()
            attempt = known.examiner_sent(self._clock())
            logger.info("sitting %s: sent for an examiner (attempt %d)", sitting.id, attempt)
        notice = known.notice(self._clock())
        if notice != known.told:
            await self._rooms.tell(sitting.room_name, student, notice)
            known.told = notice
            if notice is MISSING:
                logger.error("no examiner came to sitting %s: is a worker running?", sitting.id)

    async def _without_student(self, sitting: Sitting) -> None:
        known = self._known(sitting.id)
        away_s = known.student_away(self._clock())
        if sitting.status != "running" or away_s < self._settings.student_grace_s:
            return
        if "abandoned" in sitting.flags and not known.has_begun:
            return  # A teacher has reopened it; nobody knows when the student will come.
        known.nothing_known()
        try:
            await self._records.abandon(sitting.id, sitting.fence)
        except (StaleFence, SittingOver):
            return
        now = await self._records.sitting(sitting.id)
        if now is not None and now.status == "abandoned":
            logger.warning("sitting %s: the student stayed away", sitting.id)
            await self._rooms.close(sitting.room_name)

    async def _with_examiner(self, sitting_id: str) -> None:
        known = self._known(sitting_id)
        if known.examiner_is_new:
            if not known.room:
                sitting = await self._records.sitting(sitting_id)
                if sitting is None:
                    return
                known.room = sitting.room_name
            known.sent_before(await self._rooms.sent(known.room))
        if known.student and known.told and known.told.level != "info":
            await self._rooms.tell(known.room, known.student, over(known.told))
        known.told = None

    async def _after_death(self, sitting_id: str) -> None:
        """An examiner that died in the farewell has left a room behind that nobody needs."""
        sitting = await self._records.sitting(sitting_id)
        if sitting is not None and sitting.status not in ("open", "running"):
            await self._rooms.close(sitting.room_name)
        self._died.discard(sitting_id)

    def _known(self, sitting_id: str) -> Waiting:
        return self._waiting.setdefault(sitting_id, Waiting(self._settings.examiner_missing_s))

    async def _until_next_beat(self) -> None:
        await asyncio.sleep(LEASES_EVERY_S)

    async def _until_woken(self) -> None:
        await asyncio.sleep(BREATH_S)
        # Several keepers shall not look in the same moment, or they would all send for somebody.
        pause = ROOMS_EVERY_S * random.uniform(0.8, 1.2)  # noqa: S311
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), pause)
        self._woken.clear()


async def _again(look: Callable[[], Awaitable[None]], pause: Callable[[], Awaitable[None]]) -> None:
    """Looks again and again, whatever comes. Trouble is told once, and when it is over."""
    trouble = ""
    while True:
        try:
            await look()
        except (RecordsError, LiveKitUnavailable) as error:
            if str(error) != trouble:
                logger.error("cannot look after the exams: %s", error)
            trouble = str(error)
        except Exception:
            logger.exception("a look failed")
        else:
            if trouble:
                logger.info("can look after the exams again")
            trouble = ""
        await pause()

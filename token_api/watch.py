"""Looks after new rooms for a while: a dispatch that finds no worker is made again."""

import asyncio
import logging
from types import TracebackType
from typing import Self

from tenacity import (
    AsyncRetrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_delay,
    wait_exponential,
)

from records.errors import RecordsError
from records.model import Sitting
from records.store import Records
from token_api.rooms import LiveKitUnavailable, Rooms

WATCH_S = 30.0
LONGEST_WAIT_S = 3.0

logger = logging.getLogger(__name__)


class Watch:
    """One task a sitting, all ended with the block."""

    def __init__(
        self,
        rooms: Rooms,
        records: Records,
        watch_s: float = WATCH_S,
        longest_wait_s: float = LONGEST_WAIT_S,
    ) -> None:
        self._rooms = rooms
        self._records = records
        self._watch_s = watch_s
        self._longest_wait_s = longest_wait_s
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def begin(self, sitting: Sitting) -> None:
        """Watch the sitting's room from now on; a watch under way starts its time again."""
        if old := self._tasks.get(sitting.id):
            old.cancel()
        task = asyncio.create_task(self._watch(sitting), name=f"watch {sitting.id}")
        self._tasks[sitting.id] = task
        task.add_done_callback(lambda done: self._forget(sitting.id, done))

    def _forget(self, sitting_id: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(sitting_id) is task:
            del self._tasks[sitting_id]
        if not task.cancelled() and (error := task.exception()):
            logger.error("the watch over sitting %s failed", sitting_id, exc_info=error)

    async def _watch(self, sitting: Sitting) -> None:
        retrying = AsyncRetrying(
            stop=stop_after_delay(self._watch_s),
            wait=wait_exponential(multiplier=0.5, max=self._longest_wait_s),
            retry=retry_if_result(bool)
            | retry_if_exception_type((LiveKitUnavailable, RecordsError)),
            retry_error_callback=lambda _: True,
        )
        if await retrying(self._look, sitting):
            await self._report(sitting)

    async def _look(self, sitting: Sitting) -> bool:
        """Whether there is still something to watch."""
        now = await self._records.sitting(sitting.id)
        if now is None or now.status not in ("open", "running"):
            return False
        return await self._rooms.look_after(sitting)

    async def _report(self, sitting: Sitting) -> None:
        try:
            if not await self._rooms.has_examiner(sitting):
                logger.error("no examiner came to sitting %s: is a worker running?", sitting.id)
        except LiveKitUnavailable as error:
            logger.error("sitting %s may be without an examiner: %s", sitting.id, error)

"""Holds a sitting's lease while its examiner works, and tells when it has been taken away."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable

from records.errors import RecordsUnavailable, SittingHeld, StaleFence
from records.leases import EXPIRES_S, RENEW_S
from records.model import Lease
from records.store import Records

logger = logging.getLogger(__name__)

Sleep = Callable[[float], Awaitable[None]]


class Hold:
    """A lease that is being renewed. `lost` is set when another may have the sitting."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.lost = asyncio.Event()

    @property
    def fence(self) -> int:
        return self.lease.fence


@contextlib.asynccontextmanager
async def holding(
    records: Records,
    sitting_id: str,
    *,
    renew_s: float = RENEW_S,
    expires_s: float = EXPIRES_S,
    sleep: Sleep = asyncio.sleep,
) -> AsyncIterator[Hold]:
    """The sitting, held while the block lasts. Waits out the lease of a holder that died.

    Raises SittingHeld when another examiner is at work, SittingOver, UnknownSitting.
    """
    hold = Hold(await _claim(records, sitting_id, expires_s, sleep))
    renewing = asyncio.create_task(_renew(records, hold, renew_s, sleep))
    try:
        yield hold
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)
        try:
            await records.release(hold.lease)
        except RecordsUnavailable as error:
            # It expires by itself.
            logger.warning("the lease of sitting %s was not given back: %s", sitting_id, error)


async def _claim(records: Records, sitting_id: str, expires_s: float, sleep: Sleep) -> Lease:
    holder = secrets.token_hex(16)
    try:
        return await records.claim(sitting_id, holder)
    except SittingHeld as error:
        seen = error.lease
    await sleep(expires_s)
    if await records.break_lease(seen):
        logger.warning("sitting %s: its examiner has not been heard of", sitting_id)
    return await records.claim(sitting_id, holder)


async def _renew(records: Records, hold: Hold, renew_s: float, sleep: Sleep) -> None:
    while True:
        await sleep(renew_s)
        try:
            await records.renew(hold.lease)
        except RecordsUnavailable as error:
            # Nobody can take the sitting over while the record cannot be written.
            logger.warning("the lease of %s was not renewed: %s", hold.lease.sitting_id, error)
        except StaleFence as error:
            logger.error("%s", error)
            hold.lost.set()
            return

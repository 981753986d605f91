"""Sleeping until a moment of the monotonic clock."""

import asyncio
import time


async def until(moment: float) -> None:
    """Returns at `moment`, or at once if that is over."""
    left = moment - time.monotonic()
    if left > 0:
        await asyncio.sleep(left)

"""Waiting for whichever comes first."""

import asyncio
from collections.abc import Awaitable


async def first_of(*awaited: Awaitable[object]) -> None:
    """Waits for the first of them and cancels the others, also when it is cancelled itself."""
    waiting = [asyncio.ensure_future(each) for each in awaited]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()

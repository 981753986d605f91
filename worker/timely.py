"""Pieces that must come in time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

Piece = TypeVar("Piece")


async def timely(pieces: AsyncIterator[Piece], timeout_s: float) -> AsyncGenerator[Piece, None]:
    """The same pieces; TimeoutError when one is not there so many seconds after the one before."""
    try:
        while True:
            try:
                piece = await asyncio.wait_for(anext(pieces), timeout_s)
            except StopAsyncIteration:
                return
            yield piece
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()

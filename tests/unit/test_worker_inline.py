"""What is computed on the spot is there, or fails, as from any executor."""

import asyncio
import threading

import pytest

from worker.inline import Inline

pytestmark = pytest.mark.unit


async def test_it_is_computed_by_the_thread_that_asks() -> None:
    loop = asyncio.get_running_loop()
    assert await loop.run_in_executor(Inline(), threading.get_ident) == threading.get_ident()
    assert await loop.run_in_executor(Inline(), pow, 2, 5) == 32


async def test_what_fails_fails_where_it_is_awaited() -> None:
    with pytest.raises(ZeroDivisionError):
        await asyncio.get_running_loop().run_in_executor(Inline(), divmod, 1, 0)

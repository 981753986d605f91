"""The scripted Groq of these tests leaves nothing open, whenever it ends."""

import asyncio
import gc
import socket
import warnings

import httpx
import pytest

from tests.stand_ins.groq import groq

pytestmark = pytest.mark.flow


@pytest.mark.parametrize("turns", range(6))
def test_a_client_that_comes_as_it_ends_is_let_go(turns: int) -> None:
    async def end_after(turns: int) -> None:
        async with groq() as server:
            url = httpx.URL(server.base_url)
            socket.create_connection((url.host, url.port)).close()
            for _ in range(turns):
                await asyncio.sleep(0)

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        asyncio.run(end_after(turns))
        gc.collect()
    assert [str(warning.message) for warning in seen] == []

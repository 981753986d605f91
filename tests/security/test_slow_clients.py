"""Clients that send slowly, too much, or under another's address, at a real socket."""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import cast

import aiohttp
import pytest
import uvicorn
from pydantic import SecretStr

from tests.security.school import API_SECRET, KEY, SECRET
from tests.stand_ins.livekit_api import LiveKitStandIn
from token_api import body, serving
from token_api.app import create_app
from token_api.rate_limits import FAILURES_PER_MINUTE
from token_api.settings import Settings

pytestmark = pytest.mark.unit

LIMIT_S = 0.3
JOIN = b"POST /join HTTP/1.1\r\nhost: x\r\ncontent-length: 20\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"

Server = Callable[..., AbstractAsyncContextManager[int]]


@pytest.fixture
def server(school_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Gives the port; everything that takes seconds takes a third of one."""
    monkeypatch.setattr(body, "READ_S", LIMIT_S)
    monkeypatch.setattr(serving, "HEAD_S", LIMIT_S)
    shutil.copy(school_database, tmp_path / "voxam.db")

    @asynccontextmanager
    async def serve(trusted_proxies: str = "none") -> AsyncIterator[int]:
        settings = Settings(
            livekit_api_key="key",
            livekit_api_secret=SecretStr(API_SECRET),
            database_url=f"sqlite:///{tmp_path / 'voxam.db'}",
            token_api_key=SecretStr(KEY),
            invitation_secret=SecretStr(SECRET),
            web_dist=tmp_path,
        )
        app = create_app(settings, cast(aiohttp.ClientSession, LiveKitStandIn()))
        config = serving.configure(app, trusted_proxies=trusted_proxies)
        config.host, config.port = "127.0.0.1", 0
        running = uvicorn.Server(config)
        task = asyncio.create_task(running.serve())
        async with asyncio.timeout(10):
            while not running.started:  # noqa: ASYNC110  it has no event
                await asyncio.sleep(0.01)
        try:
            yield running.servers[0].sockets[0].getsockname()[1]
        finally:
            running.should_exit = True
            await task

    return serve


async def _send(port: int, *parts: bytes, pause_s: float = 0.0) -> tuple[bytes, float]:
    """What comes back until the server closes the connection, and after how many seconds."""
    began = monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answering = asyncio.create_task(_read(reader))
    for part in parts:
        if answering.done():
            break
        writer.write(part)
        await asyncio.wait((answering,), timeout=pause_s)
    async with asyncio.timeout(10):
        answer = await answering
    writer.close()
    return answer, monotonic() - began


async def _read(reader: asyncio.StreamReader) -> bytes:
    answer = b""
    # Who still sends when the server has closed sees the connection reset.
    with contextlib.suppress(ConnectionResetError):
        while some := await reader.read(65_536):
            answer += some
    return answer


async def test_a_body_that_does_not_come_is_not_waited_for(server: Server) -> None:
    async with server() as port:
        answer, seconds = await _send(port, JOIN + b"\r\n" + b'{"inv')
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code": "bad_request"' in answer
    assert LIMIT_S <= seconds < 2


async def test_nor_one_that_comes_byte_by_byte(server: Server) -> None:
    async with server() as port:
        head = JOIN + b"\r\n"
        answer, _ = await _send(port, head, *[b" "] * 15, pause_s=LIMIT_S / 5)
    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "parts", [[], [b"GET / HT"], [JOIN], [bytes([each]) for each in JOIN]], ids=len
)
async def test_a_head_that_does_not_come_whole_ends_the_connection(
    server: Server, parts: list[bytes]
) -> None:
    async with server() as port:
        answer, seconds = await _send(port, *parts, pause_s=LIMIT_S / 30)
    assert answer == b""
    assert seconds < 3


async def test_nor_may_the_second_one_on_a_connection(server: Server) -> None:
    async with server() as port:
        answer, seconds = await _send(port, HEALTH, b"GET /h", pause_s=0.05)
    assert answer.count(b"HTTP/1.1 200 ") == 1
    assert seconds < serving.KEEP_ALIVE_S


async def test_who_goes_away_in_mid_body_is_no_error(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with server() as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(JOIN + b'\r\n{"inv')
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_client_that_is_quick_may_send_many_on_one_connection(server: Server) -> None:
    async with server() as port:
        parts = [HEALTH] * 9
        answer, _ = await _send(
            port, *parts, HEALTH[:-2] + b"connection: close\r\n\r\n", pause_s=LIMIT_S / 3
        )
    assert answer.count(b"HTTP/1.1 200 ") == 10


async def test_a_head_that_is_too_long_is_refused(server: Server) -> None:
    """Nothing of it is kept beyond what one read takes off the wire."""
    long = b"y" * 1_000_000
    async with server() as port:
        for head in (
            b"GET /" + long + b" HTTP/1.1\r\nhost: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: x\r\nx: " + long + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * serving.MAX_HEAD_BYTES,
        ):
            answer, _ = await _send(port, head)
            assert answer.startswith(b"HTTP/1.1 400 ")


async def test_silent_clients_keep_nobody_out(server: Server) -> None:
    async with server() as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
        answer, _ = await _send(port, HEALTH[:-2] + b"connection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200 ")
        async with asyncio.timeout(5):
            assert [await _read(reader) for reader, _ in silent] == [b""] * 200
        for _, writer in silent:
            writer.close()
            await writer.wait_closed()


async def test_beyond_the_connections_it_can_hold_it_says_so(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "MAX_CONNECTIONS", 3)
    async with server() as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        answer, _ = await _send(port, HEALTH)
        assert answer.startswith(b"HTTP/1.1 503 ")
        for _, writer in silent:
            writer.close()


async def _fails(port: int, address: str) -> int:
    """The status of a wrong key that a proxy says came from this address."""
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        headers = {"authorization": "Bearer guess", "x-forwarded-for": address}
        async with client.post("/start-exam-session", headers=headers, json={}) as response:
            return response.status


async def test_behind_a_trusted_proxy_each_client_has_its_own_address(server: Server) -> None:
    async with server(trusted_proxies="127.0.0.0/8,10.0.0.1") as port:
        for _ in range(FAILURES_PER_MINUTE):
            assert await _fails(port, "198.51.100.1") == 401
        assert await _fails(port, "198.51.100.1") == 429
        assert await _fails(port, "198.51.100.2") == 401
        # What the client itself put before the proxy's entry is not believed.
        assert await _fails(port, "198.51.100.3, 198.51.100.1") == 429
        assert await _fails(port, "198.51.100.4, 198.51.100.1, 10.0.0.1") == 429


async def test_without_one_nobody_gives_themselves_another_address(server: Server) -> None:
    async with server(trusted_proxies="none") as port:
        for number in range(FAILURES_PER_MINUTE):
            assert await _fails(port, f"198.51.100.{number}") == 401
        assert await _fails(port, "198.51.100.200") == 429


async def test_addresses_and_paths_are_not_logged(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        async with server(trusted_proxies="127.0.0.1") as port:
            await _fails(port, "198.51.100.1")
            await _send(
                port, b"GET /?invitation=abc HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
            )
    assert "198.51.100.1" not in caplog.text
    assert "invitation" not in caplog.text

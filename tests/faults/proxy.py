"""A TCP proxy between two parts, which can cut and stall what goes through it."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Proxy:
    """Listens on a port of the loopback; all of its methods may be called from any thread."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._refuses = False
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Every connection breaks, and new ones break at once, until `resume`."""

        async def cut() -> None:
            self._refuses = True
            for each in list(self._writers):
                each.transport.abort()

        self._do(cut())

    def stall(self) -> None:
        """Nothing goes through any more, and every connection stays open, until `resume`."""

        async def stall() -> None:
            self._flows.clear()

        self._do(stall())

    def resume(self) -> None:
        async def resume() -> None:
            self._refuses = False
            self._flows.set()

        self._do(resume())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(5)

    async def _serve(self) -> asyncio.Server:
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refuses:
            writer.transport.abort()
            return
        try:
            there = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, there[1]}
        self._writers |= both
        try:
            await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))
        finally:
            self._writers -= both
            for each in both:
                each.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()
        writer.close()


@contextmanager
def running_proxy(target_port: int) -> Iterator[Proxy]:
    """In a thread of its own while the block lasts."""
    proxy = Proxy(target_port)
    loop = proxy._loop
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="proxy")
    thread.start()
    server = asyncio.run_coroutine_threadsafe(proxy._serve(), loop).result(5)
    try:
        yield proxy
    finally:
        proxy.cut()
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()

"""What the three stand-ins share: the script, the delays, the log, and who is connected."""

import asyncio
import itertools
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from aiohttp import web

from bench.providers.jitter import Jitter
from bench.providers.log import Log, Provider
from bench.providers.peers import Peers
from bench.script import Script
from bench.speech.clips import Clips


@dataclass
class Room:
    script: Script
    clips: Clips
    jitter: Jitter
    log: Log
    peers: Peers = field(default_factory=Peers)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _sockets: "WeakKeyDictionary[asyncio.BaseTransport, str]" = field(
        default_factory=WeakKeyDictionary
    )
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def number(self) -> int:
        """A new one each time, to tell requests apart."""
        return next(self._numbers)

    def socket(self, provider: Provider, request: web.Request) -> str:
        """The name of the request's connection; a new one is logged with its process."""
        transport = request.transport
        if transport is not None and transport in self._sockets:
            return self._sockets[transport]
        name = f"{provider}-{self.number()}"
        self.log.write(provider, name, "connected")
        if transport is not None:
            self._sockets[transport] = name
            task = asyncio.create_task(self._find_peer(provider, name, transport))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return name

    async def _find_peer(
        self, provider: Provider, name: str, transport: asyncio.BaseTransport
    ) -> None:
        peer, own = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        if peer and own:
            pid = await asyncio.to_thread(self.peers.find, peer[1], own[1])
            self.log.write(provider, name, "peer", pid=pid)


ROOM = web.AppKey("room", Room)

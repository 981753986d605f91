"""How the service is served: what one client may take of it, in bytes, connections and seconds."""

import asyncio
import socket
from typing import cast

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

MAX_HEAD_BYTES = 16 * 1024
"""Of a request's line and headers together."""
HEAD_S = 10.0
"""How long they may take to come."""
KEEP_ALIVE_S = 5
MAX_CONNECTIONS = 1000


class PromptProtocol(H11Protocol):
    """uvicorn's own waits for ever for a request that comes byte by byte, and so few clients could
    take all connections."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self._time_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._time_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        super().connection_lost(exc)

    def _time_head(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._stop()
        elif self._late is None:
            self._late = self.loop.call_later(HEAD_S, self.transport.close)

    def _stop(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def configure(app: ASGIApp, *, trusted_proxies: str) -> uvicorn.Config:
    """`trusted_proxies`: as TRUSTED_PROXIES."""
    return uvicorn.Config(
        app,
        http=PromptProtocol,
        ws="none",
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        limit_concurrency=MAX_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        proxy_headers=trusted_proxies != "none",
        forwarded_allow_ips=trusted_proxies,
        server_header=False,
        log_config=None,
        # An address and a path are a student's.
        access_log=False,
    )


def serve(app: ASGIApp, listener: socket.socket, *, trusted_proxies: str) -> None:
    """Until a signal ends it."""
    uvicorn.Server(configure(app, trusted_proxies=trusted_proxies)).run(sockets=[listener])

"""The worker's own process keeps the figures of all its exams, and looks into the record for two.

They are served by the framework beside its own, on METRICS_PORT of 127.0.0.1.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from livekit.agents import AgentServer

from records.errors import RecordsError
from records.overview import count_sittings
from worker import metrics

logger = logging.getLogger(__name__)

#: How often the record is asked, in seconds.
LOOK_S = 15.0


@contextlib.asynccontextmanager
async def kept_figures(
    server: AgentServer, *, max_exams: int, database_url: str
) -> AsyncIterator[None]:
    """While the block lasts, what job processes report is counted. Before they are started."""
    metrics.EXAMS_MAX.set(max_exams)
    metrics.EXAMS_RUNNING.set_function(lambda: len(server.active_jobs))
    with TemporaryDirectory(prefix="voxam-metrics-") as folder:
        path = Path(folder) / "socket"
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            _Reports, local_addr=str(path), family=socket.AF_UNIX
        )
        os.environ[metrics.SOCKET] = str(path)
        looking = asyncio.create_task(_look(database_url))
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            transport.close()
            del os.environ[metrics.SOCKET]


class _Reports(asyncio.DatagramProtocol):
    def datagram_received(self, data: bytes, addr: object) -> None:
        try:
            metrics.take(data)
        except ValueError as error:
            logger.warning("%s", error)


async def _look(database_url: str) -> None:
    while True:
        try:
            counted = await count_sittings(database_url, datetime.now(UTC))
        except RecordsError as error:
            logger.warning("the record cannot be counted: %s", error)
        else:
            metrics.SITTINGS_HELD.set(counted.held)
            metrics.SITTINGS_LOST.set(counted.lost)
        await asyncio.sleep(LOOK_S)

"""Launches the framework's starter, as it is and tuned."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from bench.processes import free_port, running
from bench.systems.starter_agent import AGENT_NAME
from bench.systems.system import Running, Seat, Site
from deploy.parts import REGISTERED


class _Starter:
    def __init__(self, site: Site, pid: int) -> None:
        self._site = site
        self.pids = [pid]

    async def prepare(self) -> None:
        """The framework keeps processes ready itself."""

    async def admit(self, student: int) -> Seat:
        livekit = self._site.livekit
        room = f"{self._site.folder.name}-{student}"
        await livekit.make_room(room, AGENT_NAME)
        return Seat(livekit.url, livekit.token(room, f"student-{student}"), room)

    async def dismiss(self, student: int, seat: Seat) -> None:
        await self._site.livekit.delete_room(seat.room)


@asynccontextmanager
async def _launch(site: Site, *, tuned: bool) -> AsyncIterator[Running]:
    port = free_port()
    options = ["--tuned"] if tuned else []
    env = {**site.env, "BENCH_PORT": str(port)} | ({"BENCH_COLD": "1"} if site.cold else {})
    command = [sys.executable, "-m", "bench.systems.starter_agent", *options]
    log = site.folder / "worker.log"
    url = f"http://127.0.0.1:{port}/"
    async with running(command, log, env, url=url, said=REGISTERED, timeout_s=120) as process:
        yield _Starter(site, process.pid)


starter = partial(_launch, tuned=False)
starter_tuned = partial(_launch, tuned=True)

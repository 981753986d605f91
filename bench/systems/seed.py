"""Launches the seed: one process for each exam, in its room before the student comes."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.processes import end, ready, start
from bench.systems.system import Running, Seat, Site


class _Seed:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes.values()]

    async def prepare(self) -> None:
        if self._site.cold:
            return
        for student in range(self._site.exams):
            await self._start(student)
        for student, process in self._processes.items():
            await ready(process, self._log(student), 60, said="joined")

    async def admit(self, student: int) -> Seat:
        if student not in self._processes:
            await self._start(student)
        livekit, room = self._site.livekit, self._room(student)
        return Seat(livekit.url, livekit.token(room, f"student-{student}"), room)

    async def dismiss(self, student: int, seat: Seat) -> None:
        await self._site.livekit.delete_room(seat.room)
        await end(self._processes[student])

    async def end(self) -> None:
        for process in self._processes.values():
            await end(process)

    async def _start(self, student: int) -> None:
        livekit, room = self._site.livekit, self._room(student)
        await livekit.make_room(room)
        program = [sys.executable, "-m", "bench.systems.seed_agent"]
        command = [*program, livekit.url, livekit.token(room, "examiner")]
        self._processes[student] = start(command, self._log(student), self._site.env)

    def _room(self, student: int) -> str:
        return f"{self._site.folder.name}-{student}"

    def _log(self, student: int) -> Path:
        return self._site.folder / f"seed-{student}.log"


@asynccontextmanager
async def seed(site: Site) -> AsyncIterator[Running]:
    """Nothing runs until `prepare`."""
    system = _Seed(site)
    try:
        yield system
    finally:
        await system.end()

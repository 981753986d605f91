"""Launches pipecat bots: one process for each exam, waiting before the student comes."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.processes import ROOT, end, ready, start
from bench.systems.system import Running, Seat, Site

FOLDER = ROOT / "var" / "bench" / "pipecat"
PYTHON = FOLDER / ".venv" / "bin" / "python"
LOCK = Path(__file__).with_name("pipecat.lock")


def install() -> None:
    """Its virtual environment, unless it is there. Raises CalledProcessError."""
    stamp = FOLDER / "installed.lock"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == LOCK.read_text():
        return
    uv = Path(sys.executable).with_name("uv")
    # Compiled, or every start would compile where the environment forbids a cache.
    options = ["--quiet", "--compile-bytecode", "--require-hashes", "--python", str(PYTHON)]
    subprocess.run(
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, FOLDER / ".venv"], check=True
    )
    subprocess.run([uv, "pip", "install", *options, "-r", LOCK], check=True)
    stamp.write_text(LOCK.read_text())


class _Pipecat:
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
            self._start(student)
        for student, process in self._processes.items():
            await ready(process, self._log(student), 90, said="waiting")

    async def admit(self, student: int) -> Seat:
        if student not in self._processes:
            self._start(student)
        livekit, room = self._site.livekit, f"{self._site.folder.name}-{student}"
        await livekit.make_room(room)
        place = {"url": livekit.url, "token": livekit.token(room, "examiner"), "room": room}
        pipe = self._processes[student].stdin
        assert pipe is not None
        pipe.write(json.dumps(place).encode() + b"\n")
        pipe.close()
        return Seat(livekit.url, livekit.token(room, f"student-{student}"), room)

    async def dismiss(self, student: int, seat: Seat) -> None:
        await self._site.livekit.delete_room(seat.room)
        await end(self._processes[student])

    async def end(self) -> None:
        for process in self._processes.values():
            await end(process)

    def _start(self, student: int) -> None:
        command = [str(PYTHON), "-m", "bench.systems.pipecat_agent"]
        env = self._site.env | {"LOGURU_LEVEL": "INFO"}
        self._processes[student] = start(command, self._log(student), env, stdin=subprocess.PIPE)

    def _log(self, student: int) -> Path:
        return self._site.folder / f"pipecat-{student}.log"


@asynccontextmanager
async def pipecat(site: Site) -> AsyncIterator[Running]:
    """Nothing runs until `prepare`."""
    install()
    system = _Pipecat(site)
    try:
        yield system
    finally:
        await system.end()

"""The processes that faults happen to: started here, and found, killed, stopped and waited for."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from time import monotonic

import psutil

from deploy.death import dying_with_parent
from deploy.ready import is_ready
from tests.processes import ROOT


class Part:
    """A process with a log. Make it in the main thread: it dies with the thread that made it."""

    def __init__(
        self, command: Iterable[str], log: Path, env: Mapping[str, str], ready_url: str = ""
    ) -> None:
        self.command = list(command)
        self.log = log
        self._ready_url = ready_url
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                dying_with_parent(self.command, signal.SIGKILL),
                cwd=ROOT,
                env=os.environ | dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    @property
    def written(self) -> str:
        return self.log.read_text(errors="replace")

    async def ready(self, seconds: float = 120.0) -> None:
        deadline = monotonic() + seconds
        while not await asyncio.to_thread(is_ready, self._ready_url):
            assert self.alive and monotonic() < deadline, f"not ready:\n{self.written}"
            await asyncio.sleep(0.05)

    async def writes(self, pattern: str, seconds: float = 60.0) -> re.Match[str]:
        """Waits for it in the log."""
        deadline = monotonic() + seconds
        while (found := re.search(pattern, self.written)) is None:
            assert monotonic() < deadline, f"{pattern!r} is not in:\n{self.written}"
            await asyncio.sleep(0.05)
        return found

    async def ends(self, seconds: float) -> int:
        """Its exit code."""
        deadline = monotonic() + seconds
        while (code := self.process.poll()) is None:
            assert monotonic() < deadline, f"still alive:\n{self.written}"
            await asyncio.sleep(0.02)
        return code

    def tree(self) -> list[psutil.Process]:
        """It and all that it has started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            main = psutil.Process(self.process.pid)
            return [main, *main.children(recursive=True)]
        return []

    def kill_tree(self) -> None:
        """SIGKILL to all of them at once."""
        for each in self.tree():
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait()


class Worker(Part):
    """`before`: a program that runs it, with its arguments."""

    def __init__(
        self, env: Mapping[str, str], log: Path, health_port: int, before: Iterable[str] = ()
    ) -> None:
        command = [*before, sys.executable, "-m", "worker", "start"]
        env = {**env, "WORKER_HEALTH_PORT": str(health_port)}
        super().__init__(command, log, env, f"http://127.0.0.1:{health_port}/")

    def examines(self, sitting: str) -> int | None:
        """The process that examines it, or did so last."""
        found = re.findall(rf"examining sitting {sitting} in process (\d+)", self.written)
        return int(found[-1]) if found else None


def child(room: str, origin: str) -> psutil.Process:
    """The process `python -m ROOM` that this one has started for the house at this address."""
    for each in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if room in each.cmdline() and each.environ().get("PUBLIC_URL") == origin:
                return each
    raise AssertionError(f"there is no {room}")

"""The processes of a run: started, waited for, and ended with all that they have started."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil

from deploy.death import dying_with_parent
from deploy.ready import is_ready

ROOT = Path(__file__).resolve().parent.parent
END_S = 12.0
"""From SIGTERM to SIGKILL."""


class NotReadyError(Exception):
    """A process ended or was not ready in time; the message holds the end of its log."""


def free_port(given: set[int] = set()) -> int:  # noqa: B006  (remembers what it has given)
    """A port of 127.0.0.1 that is free for TCP and UDP, another one at each call."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind(("127.0.0.1", 0))
            port: int = tcp.getsockname()[1]
            with contextlib.suppress(OSError):
                udp.bind(("127.0.0.1", port))
                if port not in given:
                    given.add(port)
                    return port


def start(
    command: Sequence[str], log: Path, env: Mapping[str, str], *, stdin: int = subprocess.DEVNULL
) -> subprocess.Popen[bytes]:
    """Starts a process that dies with this one. `env` is added to the environment."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            dying_with_parent(command, signal.SIGKILL),
            cwd=ROOT,
            env=os.environ | dict(env),
            stdin=stdin,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


async def ready(
    process: subprocess.Popen[bytes],
    log: Path,
    timeout_s: float,
    *,
    url: str | None = None,
    said: str | None = None,
) -> None:
    """Waits for 200 at `url` and for the words `said` in the log. Raises NotReadyError."""
    deadline = time.monotonic() + timeout_s
    while True:
        if (said is None or said in _read(log)) and (
            url is None or await asyncio.to_thread(is_ready, url)
        ):
            return
        if process.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(_read(log).splitlines()[-15:])
            raise NotReadyError(f"{log.name}: not ready in {timeout_s:.0f} s, or ended:\n{tail}")
        await asyncio.sleep(0.1)


def _read(log: Path) -> str:
    return log.read_text(errors="replace")


async def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and after END_S SIGKILL to it and to every process that it leaves behind."""
    if process.poll() is not None:
        return
    children = _children(process.pid)
    process.terminate()
    try:
        await asyncio.to_thread(process.wait, END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def _children(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


@asynccontextmanager
async def running(
    command: Sequence[str],
    log: Path,
    env: Mapping[str, str],
    *,
    timeout_s: float = 60.0,
    url: str | None = None,
    said: str | None = None,
) -> AsyncIterator[subprocess.Popen[bytes]]:
    """A process that is ready, while the block lasts."""
    process = start(command, log, env)
    try:
        await ready(process, log, timeout_s, url=url, said=said)
        yield process
    finally:
        await end(process)

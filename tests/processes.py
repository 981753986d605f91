"""Real processes of a test run, which end with it whatever happens."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest

from deploy.death import dying_with_parent
from deploy.ready import is_ready

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def running(
    command: list[str], ready_url: str, log: Path, timeout_s: float, env: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `command` while the block lasts; fails with the log when it does not get ready."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            dying_with_parent(command, signal.SIGKILL),
            cwd=ROOT,
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = monotonic() + timeout_s
        while not is_ready(ready_url):
            if process.poll() is not None or monotonic() > deadline:
                how = "ended" if process.poll() is not None else f"not ready in {timeout_s:.0f} s"
                pytest.fail(f"{' '.join(command)}: {how}. Its log:\n{log.read_text()}", False)
            sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

"""A real worker's process: how it stops, and where it listens."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

import psutil
import pytest
from livekit import api

from tests.conftest import LiveKitServer
from tests.processes import ROOT
from tests.stack import Stack, running_stack

pytestmark = [pytest.mark.live, pytest.mark.timeout(240)]

PAPERS = Path(__file__).parent / "papers"


@dataclass(frozen=True)
class Held:
    """An exam that a worker holds; its student is silent."""

    stack: Stack
    livekit: LiveKitServer
    worker: "subprocess.Popen[bytes]"
    log: Path
    sitting: str
    room: str

    def logged(self, words: str, timeout_s: float = 90) -> None:
        deadline = monotonic() + timeout_s
        while words not in self.log.read_text():
            assert monotonic() < deadline, f"{words!r} is not in:\n{self.log.read_text()}"
            sleep(0.05)

    def metrics(self) -> str:
        url = f"http://127.0.0.1:{self.stack.env['METRICS_PORT']}/metrics"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())


@pytest.fixture
def held(
    livekit_server: LiveKitServer,
    local_providers: str,
    free_port: Callable[[], int],
    tmp_path: Path,
) -> Iterator[Held]:
    with running_stack(
        livekit_server,
        local_providers,
        PAPERS,
        tmp_path,
        free_port,
        METRICS_PORT=str(free_port()),
    ) as stack:
        joined = _join(stack, stack.invite("silent", "three"))
        (worker,) = stack.workers
        log = tmp_path / "worker-0.log"
        exam = Held(stack, livekit_server, worker, log, joined["session_id"], joined["room_name"])
        exam.logged(f"examining sitting {exam.sitting}")
        yield exam


def _join(stack: Stack, link: str) -> dict[str, str]:
    body = {
        "invitation": link.partition("invitation=")[2],
        "consent": {"recording": False, "text_version": "1"},
    }
    request = urllib.request.Request(
        f"{stack.origin}/join",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        admitted: dict[str, str] = json.load(answer)
    return admitted


async def _delete_room(held: Held) -> None:
    async with api.LiveKitAPI(
        held.livekit.url.replace("ws", "http", 1), held.livekit.api_key, held.livekit.api_secret
    ) as livekit:
        await livekit.room.delete_room(api.DeleteRoomRequest(room=held.room))


def _gone(processes: list[psutil.Process], timeout_s: float) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(processes, timeout=timeout_s)
    return [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def test_the_exam_is_in_the_figures_and_a_worker_that_is_to_stop_lets_it_end(held: Held) -> None:
    shown = held.metrics()
    assert re.search(r"^voxam_exams_running 1\.0$", shown, re.M), shown
    assert re.search(r"^voxam_exams_max 10\.0$", shown, re.M)
    assert "voxam_sittings_lost" in shown
    assert "silent" not in shown
    assert held.sitting not in shown
    held.worker.send_signal(signal.SIGTERM)
    held.logged("draining")
    with pytest.raises(subprocess.TimeoutExpired):
        held.worker.wait(3)
    asyncio.run(_delete_room(held))
    assert held.worker.wait(30) == 0


def test_a_second_signal_ends_it_at_once_and_leaves_the_exam_to_others(held: Held) -> None:
    tree = psutil.Process(held.worker.pid).children(recursive=True)
    held.worker.send_signal(signal.SIGTERM)
    held.logged("draining")
    began = monotonic()
    held.worker.send_signal(signal.SIGTERM)
    assert held.worker.wait(5) == 1
    assert _gone(tree, 5) == []
    assert monotonic() - began < 5
    assert held.stack.record(held.sitting)["sitting"]["status"] == "running"


def _start(env: dict[str, str], **changes: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "worker", "start"],
        cwd=ROOT,
        env=os.environ | env | changes,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path: Path) -> None:
    env = {
        "LIVEKIT_API_KEY": "key",
        "LIVEKIT_API_SECRET": "s" * 40,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'voxam.db'}",
        "PAPERS_DIR": str(PAPERS),
    }
    subprocess.run(
        [sys.executable, "-m", "records", "migrate"], cwd=ROOT, env=os.environ | env, check=True
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = _start(env, WORKER_HEALTH_PORT=port)
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
    assert "WORKER_HEALTH_PORT" in done.stderr
    assert "Traceback" not in done.stderr

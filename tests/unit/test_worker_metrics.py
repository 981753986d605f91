"""What exams report arrives in the worker's process, from which it is served."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY, generate_latest

from records.migrate import migrate
from tests.processes import ROOT
from worker import metrics
from worker.figures import kept_figures

pytestmark = pytest.mark.unit

JOB = """
from worker import metrics
with metrics.counted_exam(resumed=True, ending=lambda: "finished"):
    metrics.provider_failed("deepgram", "stalled")
    metrics.reply_waited(0.03)
"""


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[SimpleNamespace]:
    """A worker's process, which holds three exams."""
    server = SimpleNamespace(active_jobs=[1, 2, 3])
    url = f"sqlite:///{tmp_path / 'voxam.db'}"
    await asyncio.to_thread(migrate, url)
    async with kept_figures(cast(Any, server), max_exams=7, database_url=url):
        yield server
    metrics.EXAMS_RUNNING.set_function(lambda: 0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_what_happens_in_an_exams_process_is_counted(worker: SimpleNamespace) -> None:
    names = {
        "begun": ("voxam_exams_begun_total", {"how": "resumed"}),
        "failed": ("voxam_provider_errors_total", {"provider": "deepgram", "kind": "stalled"}),
        "waits": ("voxam_reply_wait_seconds_count", {}),
        "ended": ("voxam_exams_ended_total", {"how": "finished"}),
    }
    before = {name: value(figure, **labels) for name, (figure, labels) in names.items()}
    job = await asyncio.create_subprocess_exec(sys.executable, "-c", JOB, cwd=ROOT)
    assert await job.wait() == 0
    await until(
        lambda: all(
            value(figure, **labels) == before[name] + 1 for name, (figure, labels) in names.items()
        )
    )


async def test_how_many_exams_run_is_told_at_the_moment_of_asking(worker: SimpleNamespace) -> None:
    assert value("voxam_exams_running") == 3
    worker.active_jobs.pop()
    assert value("voxam_exams_running") == 2
    assert value("voxam_exams_max") == 7


async def test_the_record_is_counted(worker: SimpleNamespace) -> None:
    metrics.SITTINGS_LOST.set(99)
    await until(lambda: value("voxam_sittings_lost") == 0)


@pytest.mark.usefixtures("worker")
async def test_what_nobody_here_wrote_is_not_counted(caplog: pytest.LogCaptureFixture) -> None:
    shown = generate_latest()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for junk in (b"\xff", b"[]", b'["none", 1, {}]', b'["wait", "", {}]', b'["begun", 1, {}]'):
            sender.sendto(junk, os.environ[metrics.SOCKET])
    await until(lambda: len(caplog.records) >= 5)
    for name in (b"voxam_exams_begun", b"voxam_reply_wait_seconds_count"):
        lines = [line for line in shown.splitlines() if line.startswith(name)]
        assert [line for line in generate_latest().splitlines() if line.startswith(name)] == lines


def test_an_exam_without_a_worker_that_listens_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(metrics.SOCKET, "/nowhere/socket")
    before = value("voxam_exams_begun_total", how="new")
    with metrics.counted_exam(resumed=False, ending=lambda: "left"):
        pass
    assert value("voxam_exams_begun_total", how="new") == before


def test_an_exam_that_raises_has_failed() -> None:
    before = value("voxam_exams_ended_total", how="failed")
    with (
        pytest.raises(RuntimeError),
        metrics.counted_exam(resumed=False, ending=lambda: "finished"),
    ):
        raise RuntimeError
    assert value("voxam_exams_ended_total", how="failed") == before + 1


def test_the_figures_are_served_on_this_machine_only() -> None:
    code = (
        "from worker.server import build_server; from worker.settings import Settings;"
        "server = build_server(Settings(livekit_api_key='k', metrics_port=9));"
        "print(server._host, server._prometheus_port)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["127.0.0.1", "9"]

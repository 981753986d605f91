"""`python -m worker dev` starts again when a file changes."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.conftest import LiveKitServer
from tests.processes import ROOT, running

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]

PAPERS = Path(__file__).parent / "papers"


def _registered(log: Path, times: int) -> None:
    deadline = monotonic() + 60
    while log.read_text().count("registered worker") < times:
        assert monotonic() < deadline, log.read_text()
        sleep(0.1)


def test_it_starts_again_when_a_paper_changes(
    livekit_server: LiveKitServer, free_port: Callable[[], int], tmp_path: Path
) -> None:
    paper = tmp_path / "papers" / "three.yaml"
    paper.parent.mkdir()
    shutil.copy(PAPERS / "three.yaml", paper)
    port = free_port()
    env = {
        "LIVEKIT_URL": livekit_server.url,
        "LIVEKIT_API_KEY": livekit_server.api_key,
        "LIVEKIT_API_SECRET": livekit_server.api_secret,
        "DATABASE_URL": f"sqlite:///{tmp_path}/voxam.db",
        "SPEECH_CACHE_DIR": f"{tmp_path}/speech",
        "PAPERS_DIR": str(paper.parent),
        "WORKER_HEALTH_PORT": str(port),
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "200",
    }
    migrate = [sys.executable, "-m", "records", "migrate"]
    subprocess.run(migrate, cwd=ROOT, env=env, check=True, capture_output=True)
    log = tmp_path / "log"
    command = [sys.executable, "-m", "worker", "dev"]
    with running(command, f"http://127.0.0.1:{port}/", log, 90, env):
        _registered(log, 1)
        paper.write_text(paper.read_text() + "# changed\n")
        _registered(log, 2)

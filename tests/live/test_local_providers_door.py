"""`python -m local_providers`: how it starts, what it says when it cannot, how it ends."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import ROOT, running

pytestmark = pytest.mark.live


def door(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "local_providers", *arguments],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_help_names_the_options() -> None:
    done = door("--help")
    assert done.returncode == 0
    assert "--port" in done.stdout


def test_a_busy_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        done = door("--port", str(port))
    assert done.returncode == 1
    assert done.stderr == f"Cannot listen on 127.0.0.1:{port}: Address already in use.\n"


def test_a_model_that_is_not_there_is_one_sentence() -> None:
    done = door("--port", "0", LOCAL_TTS_VOICE="/nowhere/voice.onnx")
    assert done.returncode == 1
    assert done.stderr.startswith("Cannot load the speech engines: ")
    assert "/nowhere/voice.onnx" in done.stderr


def test_without_the_extra_it_says_how_to_get_it(tmp_path: Path) -> None:
    # A machine without piper: a finder that hides it, as sitecustomize of this one process.
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.machinery as m\n"
        "found = m.PathFinder.find_spec\n"
        "m.PathFinder.find_spec = lambda name, path=None, target=None: "
        "None if name == 'piper' else found(name, path, target)\n"
    )
    done = door("--port", "0", PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "Local speech needs piper. Install it with: pip install '.[local]'\n"


def test_sigterm_ends_it_in_order(free_port: Callable[[], int], tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "local_providers", "--port", str(port)]
    log = tmp_path / "log"
    with running(command, f"http://127.0.0.1:{port}/healthz", log, 90, {}) as process:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert "API keys are not checked" in log.read_text()
    assert "Traceback" not in log.read_text()

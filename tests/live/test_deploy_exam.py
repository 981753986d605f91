"""`python -m deploy exam` with the real parts, on ports and in a folder of its own."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

WITHIN_S = 120
ROOT = Path(__file__).resolve().parent.parent.parent
PORTS = (
    "LIVEKIT_PORT",
    "LIVEKIT_TCP_PORT",
    "LIVEKIT_UDP_PORT",
    "TOKEN_API_PORT",
    "KEEPER_PORT",
    "GRADING_PORT",
    "DESK_PORT",
    "LOCAL_PROVIDERS_PORT",
    "WORKER_HEALTH_PORT",
)
# Empty counts as not set, and wins over a developer's .env.
UNSET = ("LIVEKIT_URL", "DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL", "DATABASE_URL", "PUBLIC_URL")


@pytest.fixture
def env(tmp_path: Path, free_port: Callable[[], int]) -> dict[str, str]:
    own = {name: str(free_port()) for name in PORTS} | {"VAR_DIR": str(tmp_path / "var")}
    # A worker takes no exam on a machine that is busy, and other tests run on this one.
    own["CPU_LIMIT"] = "1"
    return dict(os.environ) | dict.fromkeys(UNSET, "") | own


def _deploy(env: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "deploy", *arguments],
        cwd=ROOT,
        env=env | {"PYTHONUNBUFFERED": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def running(env: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A Voxam that is up, and its student link."""
    with _deploy(env, "exam", "--exam", "cell-biology") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Student link: "):
                break
        else:
            pytest.fail(f"deploy exam ended: {process.communicate()[1]}")
        yield process, line.removeprefix("Student link: ").strip()
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=WITHIN_S)


def _failure(env: dict[str, str], *arguments: str) -> str:
    """What `deploy` says on stderr when it fails."""
    with _deploy(env, *arguments) as process:
        said = process.communicate(timeout=WITHIN_S)[1]
    assert process.returncode == 1
    return said


def test_it_prints_a_link_serves_the_page_is_healthy_and_ctrl_c_leaves_nothing(
    running: tuple[subprocess.Popen[str], str], env: dict[str, str]
) -> None:
    process, link = running
    page = f"http://127.0.0.1:{env['TOKEN_API_PORT']}/"
    assert link.startswith(f"{page}#invitation=ey")
    with urllib.request.urlopen(page) as answer:
        assert answer.status == 200

    doctor = [sys.executable, "-m", "deploy", "doctor", "--json"]
    done = subprocess.run(doctor, cwd=ROOT, env=env, capture_output=True, text=True, timeout=90)
    checks = json.loads(done.stdout)["checks"]
    assert [each for each in checks if each["status"] == "failed"] == []
    assert {"keys", "LiveKit", "media", "keeper", "database", "papers", "Deepgram"} <= {
        each["name"] for each in checks if each["status"] == "ok"
    }

    said = _failure(env | {"VAR_DIR": env["VAR_DIR"] + "-second"}, "exam")
    assert said.count("\n") == 1, "a second run says in one sentence that the ports are taken"
    assert all(env[name] in said for name in PORTS)

    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 8, "supervisord and the seven services at least"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0
    assert psutil.wait_procs(family, timeout=5)[1] == []


def test_a_paper_that_is_not_there_is_told_before_anything_starts(env: dict[str, str]) -> None:
    said = _failure(env, "exam", "--exam", "astrology")
    assert said.startswith("Error: There is no paper astrology.yaml in exams; there is: cell-biol")
    assert not (Path(env["VAR_DIR"]) / "logs").exists()


def test_a_paper_with_errors_is_told_with_file_and_field(
    env: dict[str, str], tmp_path: Path
) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    text = (ROOT / "exams" / "cell-biology.yaml").read_text()
    (papers / "broken.yaml").write_text(text.replace("duration_minutes:", "duration_hours:"))
    said = _failure(env | {"PAPERS_DIR": str(papers)}, "console", "--text")
    assert said.splitlines()[1] == "Stopping all parts."
    assert "Error: papers ended with exit code 1 before it was ready;" in said
    assert "broken.yaml" in said
    assert "duration_hours" in said


def test_a_server_without_keys_is_told(env: dict[str, str]) -> None:
    keys = {"LIVEKIT_URL": "wss://x.livekit.cloud", "LIVEKIT_API_KEY": "", "LIVEKIT_API_SECRET": ""}
    assert _failure(env | keys, "exam") == (
        "Error: LIVEKIT_URL is set, so LIVEKIT_API_KEY and LIVEKIT_API_SECRET "
        "of that server are needed too.\n"
    )


ONE_PAPER = """
id: one
title: One question
duration_minutes: 5
questions:
  - id: cell
    kind: open
    ask: "What do the mitochondria do for a cell?"
    marks: 2
    points:
      - {id: energy, marks: 1, looks_for: "they release energy"}
      - {id: oxygen, marks: 1, looks_for: "they need oxygen"}
"""
ONE_SCRIPT = """
exam: one
soundcheck: "Yes, I can hear you very well."
questions:
  cell:
    - say: "They release energy for the whole cell, and they need oxygen for that."
anything_else: "I do not know."
"""


def test_the_robots_exam_ends_marked_heard_and_proved(env: dict[str, str], tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "one.yaml").write_text(ONE_PAPER)
    (papers / "one.robot.yaml").write_text(ONE_SCRIPT)
    own = env | {"PAPERS_DIR": str(papers), "GROQ_API_KEY": "", "GROQ_BASE_URL": ""}
    with _deploy(own, "exam", "--student", "robot") as process:
        said, errors = process.communicate(timeout=240)
    assert process.returncode == 0, said + errors
    assert "Provisional: marked by keywords" in said
    assert "In all: 2 / 2" in said

    database = Path(env["VAR_DIR"]) / "voxam.db"
    records = own | {"DATABASE_URL": f"sqlite:///{database}"}
    records["RECORDINGS_URL"] = (Path(env["VAR_DIR"]) / "recordings").as_uri()
    recording = json.loads(_records(records, "recording", "latest", "--json")[1])["recording"]
    sound = Path(env["VAR_DIR"]) / "recordings" / recording["path"]
    with av.open(str(sound)) as file:
        frames = [frame.to_ndarray() for frame in file.decode(audio=0)]
    # Opus decodes into planes, a row for each side.
    left, right = np.abs(np.concatenate(frames, axis=1)).max(axis=1)
    assert min(left, right) > 0.03, "the student is left, the examiner right"

    assert _records(records, "verify", "latest")[0] == 0
    data = bytearray(sound.read_bytes())
    data[len(data) // 2] ^= 1
    sound.write_bytes(data)
    code, told = _records(records, "verify", "latest")
    assert code == 1
    assert "Recording: its file is not the sound that was recorded." in told
    data[len(data) // 2] ^= 1
    sound.write_bytes(data)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE marks SET marks = 1.5")
    code, told = _records(records, "verify", "latest")
    assert code == 1
    assert "grading 1 was changed" in told


def _records(env: dict[str, str], *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "records", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout

"""The students of a demonstration: a link for a person, or the robot that takes the exam."""

import json
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.death import dying_with_parent
from deploy.environment import for_student
from deploy.errors import DoorFailed
from deploy.launch import Running

_ATTEMPTS = 20  # a developer opens the same link again and again


def invite(exam_id: str, *, root: Path, env: Mapping[str, str]) -> str:
    """A link for a new demo student. Raises DoorFailed with the reason, e.g. an unknown exam."""
    user = f"demo-student-{secrets.token_hex(3)}"
    answer = _records(
        *("invite", "--user", user, "--exam", exam_id, "--attempts", str(_ATTEMPTS), "--json"),
        root=root,
        env=env,
    )
    return str(json.loads(answer)["link"])


def robot_takes(
    link: str,
    *,
    running: Running,
    script: Path,
    root: Path,
    env: Mapping[str, str],
) -> bool:
    """Lets the robot take the exam, its dialogue live on the terminal, then shows the record.

    True only if robot and record both say that the exam was completed.
    """
    report = root / "reports" / "robot.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "robot_student", "--link", link]
    command += ["--script", str(script), "--report", str(report)]
    robot = subprocess.Popen(  # noqa: S603 -- our own doors
        dying_with_parent(command, signal.SIGKILL),
        cwd=root,
        env=for_student(env),
        stdin=subprocess.DEVNULL,
    )
    try:
        running.watch(lambda: robot.poll() is not None)
    finally:
        robot.kill()
        robot.wait()
    return _show(report, root=root, env=env) and robot.returncode == 0


def _show(report: Path, *, root: Path, env: Mapping[str, str]) -> bool:
    """Prints the record of the robot's sitting; whether it is finished."""
    if not report.is_file():
        return False  # the robot has said why
    sitting = json.loads(report.read_text())["session_id"]
    if sitting is None:
        return False
    show = [sys.executable, "-m", "records", "show", sitting]
    subprocess.run(show, cwd=root, env=env, check=False)  # noqa: S603 -- our own doors
    record = json.loads(_records("show", sitting, "--json", root=root, env=env))
    return bool(record["sitting"]["status"] == "finished")


def _records(*arguments: str, root: Path, env: Mapping[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 -- our own doors
        [sys.executable, "-m", "records", *arguments],
        cwd=root,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise DoorFailed(f"`python -m records {arguments[0]}` failed: {said}")
    return done.stdout

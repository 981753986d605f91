"""The people of a demonstration: a link for a student, or the robot that takes the exam, and a
teacher who reads what came of it."""

import json
import secrets
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

from deploy.death import dying_with_parent
from deploy.environment import for_student
from deploy.errors import DoorFailed
from deploy.launch import Running

_ATTEMPTS = 20  # a developer opens the same link again and again
#: Without a model an exam is marked in a second, with three of them in some more.
MARKED_S = 120.0
TEACHER = "demo-teacher"


def invite(exam_id: str, *, root: Path, env: Mapping[str, str]) -> str:
    """A link for a new demo student. Raises DoorFailed with the reason, e.g. an unknown exam."""
    user = f"demo-student-{secrets.token_hex(3)}"
    answer = _door(
        "records",
        *("invite", "--user", user, "--exam", exam_id, "--attempts", str(_ATTEMPTS), "--json"),
        root=root,
        env=env,
    )
    return str(json.loads(answer)["link"])


def teacher_password(*, root: Path, env: Mapping[str, str]) -> str:
    """Of the demonstration's teacher, who is added if need be, and has another one each time."""
    known = json.loads(_door("desk", "teachers", "list", "--json", root=root, env=env))
    if any(each["name"] == TEACHER for each in known):
        arguments = ["password", TEACHER]
    else:
        arguments = ["add", TEACHER, "--admin"]
    answer = _door("desk", "teachers", *arguments, "--json", root=root, env=env)
    return str(json.loads(answer)["password"])


def robot_takes(
    link: str,
    *,
    running: Running,
    script: Path,
    root: Path,
    env: Mapping[str, str],
) -> bool:
    """Lets the robot take the exam, its dialogue live on the terminal, then shows the record.

    True only if robot and record both say that the exam was completed, it was marked, and the
    record is as it was made.
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
    sitting = _sitting(report)
    if sitting is None:
        return False  # the robot has said why
    taken = robot.returncode == 0
    record = _marked(sitting, running, taken=taken, root=root, env=env)
    good = [_shown(("show", sitting), root, env), _shown(("verify", sitting), root, env)]
    print(f"\nOn the desk: {env['DESK_URL']}/sittings/{sitting}", flush=True)
    completed = record["sitting"]["status"] == "finished" and record["grading"] is not None
    return completed and all(good) and taken


def _sitting(report: Path) -> str | None:
    if not report.is_file():
        return None
    sitting = json.loads(report.read_text())["session_id"]
    return None if sitting is None else str(sitting)


def _marked(
    sitting: str, running: Running, *, taken: bool, root: Path, env: Mapping[str, str]
) -> dict[str, Any]:
    """The record, once it is marked, or as it is when that takes too long.

    `taken`: whether the robot took it to its end; what is still open without is never marked.
    """
    until = monotonic() + MARKED_S
    record: dict[str, Any] = {}

    def is_marked() -> bool:
        nonlocal record
        record = json.loads(_door("records", "show", sitting, "--json", root=root, env=env))
        left = not taken and record["sitting"]["status"] in ("open", "running")
        return left or record["grading"] is not None or monotonic() > until

    running.watch(is_marked)
    return record


def _shown(arguments: tuple[str, ...], root: Path, env: Mapping[str, str]) -> bool:
    """On the terminal; whether its exit code is 0."""
    command = [sys.executable, "-m", "records", *arguments]
    return subprocess.run(command, cwd=root, env=env, check=False).returncode == 0  # noqa: S603


def _door(room: str, *arguments: str, root: Path, env: Mapping[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 -- our own doors
        [sys.executable, "-m", room, *arguments],
        cwd=root,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise DoorFailed(f"`python -m {room} {arguments[0]}` failed: {said}")
    return done.stdout

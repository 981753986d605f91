"""Voxam as an operator runs it: token API, keeper and workers as processes, on an own record."""

import json
import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from deploy.parts import REGISTERED
from tests.conftest import LiveKitServer
from tests.processes import ROOT, running


@dataclass(frozen=True)
class Stack:
    """A running system. `env` is what each of its parts was given."""

    env: dict[str, str]
    database: Path
    workers: tuple["subprocess.Popen[bytes]", ...] = field(repr=False)

    @property
    def recordings(self) -> Path:
        return _recordings(self.database)

    @property
    def origin(self) -> str:
        return self.env["PUBLIC_URL"]

    def invite(self, user: str, exam: str, *options: str) -> str:
        """The link of a new invitation."""
        made = self.door("records", "invite", "--user", user, "--exam", exam, "--json", *options)
        link: str = json.loads(made)["link"]
        return link

    def record(self, sitting: str) -> dict[str, Any]:
        """The record of a sitting, as `python -m records show --json` gives it."""
        shown: dict[str, Any] = json.loads(self.door("records", "show", sitting, "--json"))
        return shown

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database now: a door takes a second to ask."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            return database.execute(query, values).fetchall()

    def door(self, room: str, *arguments: str) -> str:
        """What a door prints; fails with what it complains of."""
        done = subprocess.run(
            [sys.executable, "-m", room, *arguments],
            cwd=ROOT,
            env=os.environ | self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"{room} {arguments}: {done.stdout}{done.stderr}"
        return done.stdout


@contextmanager
def running_stack(
    livekit: LiveKitServer,
    providers: str,
    papers: Path,
    folder: Path,
    free_port: Callable[[], int],
    *,
    workers: int = 1,
    **settings: str,
) -> Iterator[Stack]:
    """Everything but LiveKit and speech, started for one test or module and ended after it."""
    port = free_port()
    database = folder / "voxam.db"
    env = {
        "LIVEKIT_URL": livekit.url,
        "LIVEKIT_API_KEY": livekit.api_key,
        "LIVEKIT_API_SECRET": livekit.api_secret,
        "DEEPGRAM_BASE_URL": providers,
        "DATABASE_URL": f"sqlite:///{database}",
        # One for the whole run: what is in it is known by all that it was made of.
        "SPEECH_CACHE_DIR": str(folder.parent / "speech"),
        "RECORDINGS_URL": _recordings(database).as_uri(),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PAPERS_DIR": str(papers),
        "TOKEN_API_KEY": secrets.token_urlsafe(32),
        "INVITATION_SECRET": secrets.token_urlsafe(32),
        "PYTHONUNBUFFERED": "1",
        # Students, their voices and recognisers are on this machine too, and keep it busy.
        "CPU_LIMIT": "1",
    } | settings
    subprocess.run(
        [sys.executable, "-m", "records", "migrate"],
        cwd=ROOT,
        env=os.environ | env,
        check=True,
        capture_output=True,
    )
    with ExitStack() as parts:
        started = [
            parts.enter_context(_worker(env, free_port(), folder / f"worker-{number}.log"))
            for number in range(workers)
        ]
        api = [sys.executable, "-m", "token_api", "--port", str(port)]
        log = folder / "token_api.log"
        parts.enter_context(running(api, f"{env['PUBLIC_URL']}/readyz", log, 60, env))
        parts.enter_context(_keeper(env, free_port(), folder / "keeper.log"))
        yield Stack(env, database, tuple(started))


def _recordings(database: Path) -> Path:
    return database.with_name("recordings")


@contextmanager
def _keeper(env: dict[str, str], port: int, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Without webhooks: the test run's livekit-server is older than this keeper's port."""
    command = [sys.executable, "-m", "keeper", "--port", str(port)]
    with running(command, f"http://127.0.0.1:{port}/readyz", log, 60, env) as process:
        yield process


@contextmanager
def _worker(
    env: dict[str, str], health_port: int, log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "worker", "start"]
    health = f"http://127.0.0.1:{health_port}/"
    own = env | {"WORKER_HEALTH_PORT": str(health_port)}
    with running(command, health, log, 120, own) as process:
        deadline = monotonic() + 120
        # Before it, a dispatch finds no worker.
        while REGISTERED not in log.read_text():
            assert process.poll() is None and monotonic() < deadline, log.read_text()
            sleep(0.05)
        yield process

"""Launches the product by its own doors: `records migrate`, `worker start`, `token_api`."""

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import yaml

from bench.livekit import LiveKit
from bench.processes import ROOT, NotReadyError, free_port, running
from bench.script import PAPER
from bench.systems.system import Running, Seat, Site
from deploy.parts import REGISTERED
from robot_student import invitation


class _Voxam:
    def __init__(self, env: dict[str, str], exam: str, livekit: LiveKit, pids: list[int]) -> None:
        self._env = env
        self._livekit = livekit
        self._exam = exam
        self._links: dict[int, str] = {}
        self.pids = pids

    async def prepare(self) -> None:
        """The worker keeps a process ready itself."""

    async def invite(self, exams: int) -> None:
        """Invitations are written days before an exam: no part of a start."""
        for student in range(exams):
            options = ["--user", f"student-{student}", "--exam", self._exam, "--json"]
            made = await _door(self._env, "records", "invite", *options)
            self._links[student] = json.loads(made)["link"]

    async def admit(self, student: int) -> Seat:
        place = await invitation.join(self._links[student], recording=False)
        return Seat(place.livekit_url, place.token, place.room_name, says_ready=True)

    async def dismiss(self, student: int, seat: Seat) -> None:
        """Ends the exam: it would wait for the student's return."""
        await self._livekit.delete_room(seat.room)


@asynccontextmanager
async def voxam(site: Site) -> AsyncIterator[Running]:
    """The product, unpatched."""
    port, health = free_port(), free_port()
    env = _environment(site, port, health)
    await _door(env, "records", "migrate")
    published = await _door(env, "worker", "publish")
    exam = published.strip().removeprefix("published: ")
    origin = env["PUBLIC_URL"]
    worker = [sys.executable, "-m", "worker", "start"]
    api = [sys.executable, "-m", "token_api", "--port", str(port)]
    async with (
        running(
            *(worker, site.folder / "worker.log", env),
            url=f"http://127.0.0.1:{health}/",
            said=REGISTERED,
            timeout_s=120,
        ) as works,
        running(api, site.folder / "token_api.log", env, url=f"{origin}/readyz") as lets_in,
    ):
        system = _Voxam(env, exam, site.livekit, [works.pid, lets_in.pid])
        await system.invite(site.exams)
        yield system


def _environment(site: Site, port: int, health: int) -> dict[str, str]:
    papers = site.folder / "papers"
    papers.mkdir(parents=True, exist_ok=True)
    # A paper's file is called as the paper is.
    shutil.copy(PAPER, papers / f"{yaml.safe_load(PAPER.read_text())['id']}.yaml")
    if site.cold:
        shutil.rmtree(_kept(site), ignore_errors=True)
    _kept(site).mkdir(parents=True, exist_ok=True)
    return {
        **site.env,
        "DATABASE_URL": f"sqlite:///{site.folder / 'voxam.db'}",
        "RECORDINGS_URL": (site.folder / "recordings").absolute().as_uri(),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PAPERS_DIR": str(papers),
        "SPEECH_CACHE_DIR": str(_kept(site)),
        "TOKEN_API_KEY": secrets.token_urlsafe(32),
        "INVITATION_SECRET": secrets.token_urlsafe(32),
        "WORKER_HEALTH_PORT": str(health),
        "MAX_EXAMS": "12",
    } | ({"IDLE_PROCESSES": "0"} if site.cold else {})


def _kept(site: Site) -> Path:
    return site.kept / "voxam"


async def _door(env: dict[str, str], room: str, *arguments: str) -> str:
    """What a door prints. Raises NotReadyError when it refuses."""
    command = [sys.executable, "-m", room, *arguments]
    untraced = {name: value for name, value in env.items() if name != "BENCH_TRACE"}
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=ROOT,
        env=os.environ | untraced,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise NotReadyError(f"{room} {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return str(done.stdout)

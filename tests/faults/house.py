"""All of Voxam but its workers, which tests hire, kill and dismiss."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psutil
from livekit import api

from tests.conftest import LiveKitServer
from tests.faults import proof
from tests.faults.figures import Figures
from tests.faults.processes import Part, Worker, child
from tests.stack import Stack, running_stack

PAPERS = Path(__file__).parent / "papers"
#: A student who types, to whom the examiner speaks fast.
TYPED = ("--profile", "typed=true", "--profile", "speech_rate=1.5")
ANSWERS = {
    "rain": "The air rises there and cools down.",
    "ice": "Frozen water is lighter than the water below it.",
    "moon": "It only reflects the light of the sun.",
}

FreePort = Callable[[], int]


class House:
    """`workers` are those that were hired last, dead ones too."""

    def __init__(
        self, stack: Stack, livekit: LiveKitServer, folder: Path, free_port: FreePort
    ) -> None:
        self.stack = stack
        self.livekit = livekit
        self.folder = folder
        self.workers: list[Worker] = []
        self._free_port = free_port
        self._numbers = count(1)
        self._users = count(1)
        self._others: list[Part] = []

    @property
    def database_url(self) -> str:
        return self.stack.env["DATABASE_URL"]

    def invite(self, *profile: str, exam: str = "short") -> str:
        """A link for a student that nobody has seen before."""
        user = f"student-{next(self._users)}@example.org"
        return self.stack.invite(user, exam, *profile)

    async def staff(self, wanted: int = 1) -> list[Worker]:
        """Sees that so many usual workers are there; more are dismissed."""
        self.workers = [each for each in self.workers if each.alive]
        for each in self.workers[wanted:]:
            each.kill_tree()
        self.workers = self.workers[:wanted]
        while len(self.workers) < wanted:
            self.hire()
        for each in self.workers:
            await each.ready()
        return self.workers

    def hire(self, *before: str, **env: str) -> Worker:
        """One more worker, with settings of its own; it may not be ready yet."""
        log = self.folder / f"worker-{next(self._numbers)}.log"
        worker = Worker(self.stack.env | env, log, self._free_port(), before)
        self.workers.append(worker)
        return worker

    def dismiss(self) -> None:
        """No worker is left."""
        for each in self.workers:
            each.kill_tree()
        self.workers = []

    def examiner_of(self, sitting: str) -> tuple[Worker, psutil.Process]:
        """The worker that examines it, and the process of the job."""
        for worker in self.workers:
            if worker.alive and (pid := worker.examines(sitting)):
                return worker, psutil.Process(pid)
        raise AssertionError(f"nobody examines {sitting}")

    def token_api(self) -> psutil.Process:
        return child("token_api", self.stack.origin)

    def keeper(self) -> psutil.Process:
        return child("keeper", self.stack.origin)

    def start(self, command: Sequence[str]) -> Part:
        """The token API or the keeper, in the place of one that was killed."""
        log = self.folder / f"{command[2]}-again-{next(self._numbers)}.log"
        ready = f"http://127.0.0.1:{port_of(command)}/readyz"
        part = Part(command, log, self.stack.env, ready)
        self._others.append(part)
        return part

    def api(self) -> api.LiveKitAPI:
        """LiveKit's server API; to be entered."""
        url = self.livekit.url.replace("ws", "http", 1)
        return api.LiveKitAPI(url, self.livekit.api_key, self.livekit.api_secret)

    async def begin(self, user: str, **body: Any) -> httpx.Response:
        """What the token API answers to a service that starts an exam."""
        async with httpx.AsyncClient(timeout=30) as client:
            return await client.post(
                f"{self.stack.origin}/start-exam-session",
                json={
                    "user_id": user,
                    "exam_id": "short",
                    "consent": {"recording": False, "text_version": "1"},
                    **body,
                },
                headers={"authorization": f"Bearer {self.stack.env['TOKEN_API_KEY']}"},
            )

    def record(self, sitting: str) -> dict[str, Any]:
        return self.stack.record(sitting)

    def status(self, sitting: str) -> str:
        """As the record has it now (SQLite)."""
        ((status,),) = self.stack.rows("SELECT status FROM sittings WHERE id = ?", sitting)
        return str(status)

    def judge(
        self, sitting: str, figures: Figures, answers: Mapping[str, str] = ANSWERS
    ) -> dict[str, Any]:
        """The record of an exam that is over: every answer exactly once, nothing skipped."""
        record = self.record(sitting)
        figures.lost = proof.lost(record, answers)
        assert figures.lost == 0, json.dumps(record["answers"], indent=1)
        proof.whole(record, answers)
        proof.unforked(self.database_url, sitting)
        return record

    def logs(self) -> str:
        """What all workers have written."""
        return "\n".join(log.read_text() for log in sorted(self.folder.glob("worker-*.log")))

    def close(self) -> None:
        self.dismiss()
        for each in self._others:
            each.kill_tree()


def port_of(command: Sequence[str]) -> int:
    """Where a part listens that was started by this."""
    return int(command[command.index("--port") + 1])


@contextmanager
def open_house(
    livekit: LiveKitServer, providers: str, folder: Path, free_port: FreePort, **settings: str
) -> Iterator[House]:
    """While the block lasts. `settings` are those of all its parts."""
    papers = Path(settings.pop("PAPERS_DIR", str(PAPERS)))
    with running_stack(
        livekit, providers, papers, folder, free_port, workers=0, **settings
    ) as stack:
        # A worker does so when it starts; students may be invited before there is one.
        stack.door("worker", "publish")
        house = House(stack, livekit, folder, free_port)
        try:
            yield house
        finally:
            house.close()

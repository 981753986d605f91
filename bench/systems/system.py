"""What the measurement knows of a system: how to start it and how a student gets in."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.livekit import LiveKit
from bench.processes import ROOT
from bench.systems.persona import KEY


@dataclass(frozen=True)
class Site:
    """Where a system runs."""

    livekit: LiveKit
    providers: str
    """Origin of the stand-ins, http."""
    folder: Path
    """Logs of this run."""
    kept: Path
    """What the system may keep from one run to the next."""
    exams: int
    cold: bool
    """Nothing is to be ready before the student asks: no idle process, no cache."""

    @property
    def env(self) -> dict[str, str]:
        """The environment of every process of a system."""
        return {
            **self.livekit.env,
            "DEEPGRAM_API_KEY": KEY,
            "DEEPGRAM_BASE_URL": self.providers,
            "GROQ_API_KEY": KEY,
            "GROQ_BASE_URL": f"{self.providers}/openai/v1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": f"{ROOT / 'bench' / 'trace'}:{ROOT}",
            "BENCH_TRACE": str(self.folder / "trace.jsonl"),
        }


@dataclass(frozen=True)
class Seat:
    """A student's place in a room."""

    url: str
    token: str = field(repr=False)
    room: str = ""
    says_ready: bool = False
    """The examiner waits for the RPC `exam.ready`."""


class Running(Protocol):
    """A system that is up."""

    @property
    def pids(self) -> list[int]:
        """The processes it was started as; theirs are their children."""

    async def prepare(self) -> None:
        """Brings up what the system wants ready before its students come, unless cold."""

    async def admit(self, student: int) -> Seat:
        """A place for this student; the examiner is on its way."""

    async def dismiss(self, student: int, seat: Seat) -> None:
        """The student has left."""


class System(Protocol):
    """A launcher."""

    def __call__(self, site: Site) -> AbstractAsyncContextManager[Running]:
        """The system, up while the block lasts."""

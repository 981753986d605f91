"""One run: one system holds exams at once with students who say the script; leaves logs behind."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from pydantic import BaseModel

from bench import cost
from bench.clips import clips_of, prepare
from bench.livekit import livekit
from bench.log import Log
from bench.processes import free_port, running
from bench.script import FILE as SCRIPT
from bench.student import Clip, Student
from bench.systems.registry import SYSTEMS
from bench.systems.system import Running, Site

STAGGER_S = 0.5
LONGEST_S = 1500.0


class Plan(BaseModel):
    """What is run. Its folder gets the logs and, as plan.json, the plan itself."""

    system: str
    exams: int
    folder: Path
    kept: Path
    round: int = 0
    jitter: int | None = None
    """Seed of the providers' jitter, None for none."""
    cold: bool = False
    lines: int | None = None
    """Only so many of the script's lines; 0: only the first word counts."""

    @property
    def name(self) -> str:
        jitter = "" if self.jitter is None else "-jitter"
        cold = "-cold" if self.cold else ""
        return f"{self.system}-{self.exams}-{self.round}{jitter}{cold}"


async def run(plan: Plan) -> None:
    """Holds the exams of a plan. Raises what kept the system from starting."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    prepare(plan.lines)
    clips = [clips_of(student, plan.lines) for student in range(plan.exams)]
    log = Log(plan.folder / "students.jsonl")
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(livekit(plan.folder))
        origin, providers = await stack.enter_async_context(_providers(plan))
        site = Site(server, origin, plan.folder, plan.kept, plan.exams, plan.cold)
        system = await stack.enter_async_context(SYSTEMS[plan.system](site))
        trees = {
            "system": lambda: system.pids,
            "livekit": lambda: [server.pid],
            "providers": lambda: [providers],
        }
        await cost.calm(trees["system"])
        costs = Log(plan.folder / "cost.jsonl")
        costs.write("idle", private_mb=round(cost.private_mb(system.pids), 2))
        await system.prepare()
        await cost.calm(trees["system"])
        sampling = asyncio.create_task(cost.sample(costs, trees))
        async with asyncio.timeout(LONGEST_S):
            await _hold(system, clips, log)
        sampling.cancel()
    log.close()


async def _hold(system: Running, clips: Sequence[Sequence[Clip]], log: Log) -> None:
    async def take(number: int) -> None:
        await asyncio.sleep(number * STAGGER_S)
        await Student(number, system, clips[number], log).take_exam()

    async with asyncio.TaskGroup() as group:
        for number in range(len(clips)):
            group.create_task(take(number))


@asynccontextmanager
async def _providers(plan: Plan) -> AsyncIterator[tuple[str, int]]:
    """Origin and process of the stand-ins."""
    port = _port(plan.kept)
    command = [sys.executable, "-m", "bench.providers", "--port", str(port)]
    command += ["--log", str(plan.folder / "providers.jsonl"), "--script", str(SCRIPT)]
    command += [] if plan.jitter is None else ["--jitter", str(plan.jitter)]
    origin = f"http://127.0.0.1:{port}"
    log = plan.folder / "providers.log"
    # BLAS threads that spin would cost more than all that the stand-ins do.
    env = {"OPENBLAS_NUM_THREADS": "1"}
    async with running(command, log, env, url=f"{origin}/healthz", timeout_s=90) as process:
        yield origin, process.pid


def _port(kept: Path) -> int:
    """The same in all runs of a measurement: speech is kept by the address that it came from."""
    kept.mkdir(parents=True, exist_ok=True)
    file = kept / "providers.port"
    if not file.exists():
        file.write_text(str(free_port()))
    return int(file.read_text())


if __name__ == "__main__":
    asyncio.run(run(Plan.model_validate_json(Path(sys.argv[1]).read_text())))

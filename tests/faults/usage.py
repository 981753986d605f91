"""What the processes of a house use, sampled while exams are taken, and a plot of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import psutil
from livekit import api
from matplotlib.figure import Figure

EVERY_S = 2.0


@dataclass(frozen=True)
class Usage:
    """Of all processes together. `memory_mb` is PSS: what is shared counts once. `rooms`: those
    that were not there before."""

    at_s: float
    memory_mb: float
    handles: int
    processes: int
    rooms: int


async def measure(
    processes: list[psutil.Process], livekit: api.LiveKitAPI, zero: float, others: set[str]
) -> Usage:
    rooms = await _rooms(livekit) - others
    memory, handles, alive = await asyncio.to_thread(_sum, processes)
    return Usage(monotonic() - zero, memory / 2**20, handles, alive, len(rooms))


async def _rooms(livekit: api.LiveKitAPI) -> set[str]:
    return {room.name for room in (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms}


def _sum(processes: list[psutil.Process]) -> tuple[int, int, int]:
    memory = handles = alive = 0
    for each in processes:
        # One that has just ended uses nothing any more.
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            memory += each.memory_full_info().pss
            handles += each.num_fds()
            alive += 1
    return memory, handles, alive


@asynccontextmanager
async def sampled(
    processes: Callable[[], list[psutil.Process]], livekit: api.LiveKitAPI
) -> AsyncIterator[list[Usage]]:
    """The samples of the block so far, the newest last."""
    samples: list[Usage] = []
    zero = monotonic()
    # Those that tests before this one left on the same server.
    others = await _rooms(livekit)

    async def sample() -> None:
        while True:
            samples.append(await measure(processes(), livekit, zero, others))
            await asyncio.sleep(EVERY_S)

    sampling = asyncio.create_task(sample())
    try:
        yield samples
    finally:
        sampling.cancel()
        await asyncio.gather(sampling, return_exceptions=True)


def plot(samples: list[Usage], file: Path) -> None:
    figure = Figure(figsize=(8.0, 8.0))
    axes = figure.subplots(4, sharex=True)
    seconds = [each.at_s for each in samples]
    for axis, (name, title) in zip(
        axes,
        {
            "memory_mb": "memory (PSS, MB)",
            "handles": "file handles",
            "processes": "processes",
            "rooms": "rooms",
        }.items(),
        strict=True,
    ):
        axis.plot(seconds, [getattr(each, name) for each in samples])
        axis.set(ylabel=title, ylim=(0, None))
        axis.grid(alpha=0.3)
    axes[-1].set(xlabel="seconds")
    figure.tight_layout()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)

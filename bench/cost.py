"""What processes cost: CPU time and private memory of a system's tree, beside what serves it."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable, Mapping

import psutil

from bench.log import Log

EVERY_S = 1.0
MEMORY_EVERY = 8
"""Private memory is read at each so many samples: it is dear."""
CALM_SHARE = 0.08
"""Of a core: below it a system that was started has come to rest."""
CALM_S = 1.0
LONGEST_CALM_S = 45.0


class Cpu:
    """CPU seconds of process trees, those of processes that have ended meanwhile included."""

    def __init__(self, roots: Callable[[], Iterable[int]]) -> None:
        self._roots = roots
        self._spent: dict[tuple[int, float], float] = {}

    def seconds(self) -> float:
        for process in tree(self._roots()):
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                self._spent[process.pid, process.create_time()] = times.user + times.system
        return sum(self._spent.values())


def tree(roots: Iterable[int]) -> list[psutil.Process]:
    """These processes and all below them."""
    found: dict[int, psutil.Process] = {}
    for pid in roots:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            for process in (root, *root.children(recursive=True)):
                found[process.pid] = process
    return list(found.values())


def private_mb(roots: Iterable[int]) -> float:
    """Memory that would be free if the tree ended (USS), in MB."""
    total = 0
    for process in tree(roots):
        with contextlib.suppress(psutil.Error):
            total += process.memory_full_info().uss
    return total / 2**20


async def calm(roots: Callable[[], Iterable[int]]) -> None:
    """Waits until the trees have nothing more to do at their start."""
    cpu = Cpu(roots)
    before = cpu.seconds()
    for _ in range(round(LONGEST_CALM_S / CALM_S)):
        await asyncio.sleep(CALM_S)
        now = cpu.seconds()
        if now - before < CALM_SHARE * CALM_S:
            return
        before = now


async def sample(log: Log, trees: Mapping[str, Callable[[], Iterable[int]]]) -> None:
    """Until cancelled: logs the CPU seconds of each tree by its name, those of this process as
    `load`, and the memory of the tree `system`."""
    meters = {name: Cpu(roots) for name, roots in trees.items()}
    number = 0
    while True:
        seconds = {name: round(cpu.seconds(), 3) for name, cpu in meters.items()}
        log.write("cpu", load=round(time.process_time(), 3), **seconds)
        if number % MEMORY_EVERY == MEMORY_EVERY - 1:
            used = await asyncio.to_thread(private_mb, list(trees["system"]()))
            log.write("memory", private_mb=round(used, 2))
        number += 1
        await asyncio.sleep(EVERY_S)

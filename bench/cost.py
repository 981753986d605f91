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
CALM_MACHINE = 0.4
"""Of all cores: others may be at work too."""
CALM_TIMES = 4
"""So many seconds one after another: the framework's worker takes no job while its load, a mean
over 2.5 s, is high from its own start."""
LONGEST_CALM_S = 60


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
    """Waits until the trees have nothing more to do at their start, and the machine not much."""
    cpu = Cpu(roots)
    before, busy_before, calm_for = cpu.seconds(), busy(), 0
    for _ in range(LONGEST_CALM_S):
        await asyncio.sleep(1.0)
        now, busy_now = cpu.seconds(), busy()
        calm_now = now - before < CALM_SHARE and busy_now - busy_before < CALM_MACHINE
        calm_for = calm_for + 1 if calm_now else 0
        if calm_for == CALM_TIMES:
            return
        before, busy_before = now, busy_now


def busy() -> float:
    """Seconds for which the machine's cores have worked, per core."""
    whole = psutil.cpu_times()
    idle = whole.idle + getattr(whole, "iowait", 0.0)
    return float(sum(whole) - idle) / (psutil.cpu_count() or 1)


async def sample(log: Log, trees: Mapping[str, Callable[[], Iterable[int]]]) -> None:
    """Until cancelled: logs the CPU seconds of each tree by its name, those of this process as
    `load`, those of the whole machine per core as `machine`, and the memory of the tree
    `system`."""
    meters = {name: Cpu(roots) for name, roots in trees.items()}
    number = 0
    while True:
        seconds = {name: round(cpu.seconds(), 3) for name, cpu in meters.items()}
        log.write("cpu", load=round(time.process_time(), 3), machine=round(busy(), 3), **seconds)
        if number % MEMORY_EVERY == MEMORY_EVERY - 1:
            used = await asyncio.to_thread(private_mb, list(trees["system"]()))
            log.write("memory", private_mb=round(used, 2))
        number += 1
        await asyncio.sleep(EVERY_S)

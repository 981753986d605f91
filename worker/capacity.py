"""Whether this worker can hold one more exam: by their number, the machine's memory and its CPU."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import psutil
from livekit.agents.utils.hw import get_cpu_monitor

logger = logging.getLogger(__name__)

#: Over so many seconds the CPU is averaged: a moment's load turns no student away.
CPU_WINDOW_S = 30

_CGROUP = Path("/sys/fs/cgroup")


class Capacity:
    """A worker's load: 1.0 or more means that it takes no new exam."""

    def __init__(
        self,
        *,
        max_exams: int,
        exam_memory_mb: int,
        cpu_limit: float,
        free_memory_mb: Callable[[], float],
        busy: Callable[[], float],
    ) -> None:
        """`busy` gives the average share of the CPU that is in use, 0 to 1."""
        self._max_exams = max_exams
        self._exam_memory_mb = exam_memory_mb
        self._cpu_limit = cpu_limit
        self._free_memory_mb = free_memory_mb
        self._busy = busy
        self._short_of = ""

    def load(self, exams: int) -> float:
        """With so many exams under way."""
        short_of = self._find_shortage()
        if short_of != self._short_of:
            self._short_of = short_of
            if short_of:
                logger.warning("no new exams are taken: %s", short_of)
            else:
                logger.info("new exams are taken again")
        own = exams / self._max_exams
        return max(own, 1.0) if short_of else own

    def _find_shortage(self) -> str:
        """Short words for it, without figures that would change at every look."""
        if self._free_memory_mb() < self._exam_memory_mb:
            return f"less than {self._exam_memory_mb} MB of memory are free (EXAM_MEMORY_MB)"
        if self._busy() > self._cpu_limit:
            return (
                f"more than {self._cpu_limit:.0%} of the CPU have been in use for "
                f"{CPU_WINDOW_S} s (CPU_LIMIT)"
            )
        return ""


class CpuAverage:
    """How busy the machine, or the container, was in the last while. Nothing is known at first."""

    def __init__(self, window_s: int = CPU_WINDOW_S) -> None:
        self._samples: deque[float] = deque(maxlen=window_s)
        self._window_s = window_s

    def start(self) -> None:
        threading.Thread(target=self._watch, daemon=True, name="cpu").start()

    def add(self, share: float) -> None:
        """One second's share, 0 to 1."""
        self._samples.append(share)

    def __call__(self) -> float:
        return sum(tuple(self._samples)) / self._window_s

    def _watch(self) -> None:
        monitor = get_cpu_monitor()
        while True:
            try:
                self.add(monitor.cpu_percent(interval=1.0))
            except (OSError, RuntimeError, psutil.Error):
                # What cannot be measured turns nobody away.
                time.sleep(1.0)
                self.add(0.0)


def free_memory_mb() -> float:
    """What one more process could use: of the machine, or of the container if that is less."""
    free = float(psutil.virtual_memory().available)
    limit, used = _bytes("memory.max"), _bytes("memory.current")
    if limit is not None and used is not None:
        free = min(free, limit - used + _file_cache())
    return free / 1024 / 1024


def _bytes(name: str) -> int | None:
    """A figure of cgroup v2; None where there is none, or no limit."""
    try:
        text = (_CGROUP / name).read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _file_cache() -> int:
    """What the container's kernel would give back at once."""
    try:
        lines = (_CGROUP / "memory.stat").read_text().splitlines()
    except OSError:
        return 0
    figures = dict(line.split() for line in lines)
    return int(figures.get("inactive_file", 0))

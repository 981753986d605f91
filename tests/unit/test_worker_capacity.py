"""Whether a worker takes one more exam."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pytest

from worker import capacity
from worker.capacity import CPU_WINDOW_S, Capacity, CpuAverage, free_memory_mb
from worker.server import build_server
from worker.settings import Settings

pytestmark = pytest.mark.unit

SETTINGS = Settings(livekit_api_key="key", max_exams=4, idle_processes=1)


@dataclass
class Machine:
    free_mb: float = 4000.0
    busy: float = 0.1

    def capacity(self, max_exams: int = 10) -> Capacity:
        return Capacity(
            max_exams=max_exams,
            exam_memory_mb=150,
            cpu_limit=0.9,
            free_memory_mb=lambda: self.free_mb,
            busy=lambda: self.busy,
        )


def test_exams_are_taken_up_to_their_number() -> None:
    room = Machine().capacity(max_exams=3)
    assert [room.load(exams) < 1 for exams in (0, 1, 2, 3)] == [True, True, True, False]


def test_without_memory_for_one_more_none_is_taken() -> None:
    machine = Machine(free_mb=149)
    room = machine.capacity()
    assert room.load(0) >= 1
    machine.free_mb = 150
    assert room.load(0) == 0


def test_a_busy_machine_takes_none_until_it_is_not() -> None:
    machine = Machine(busy=0.95)
    room = machine.capacity()
    assert room.load(2) >= 1
    machine.busy = 0.85
    assert room.load(2) == 0.2


def test_why_none_is_taken_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine(free_mb=10)
    room = machine.capacity()
    with caplog.at_level(logging.INFO, logger="worker.capacity"):
        for machine.free_mb in (10, 9, 8):
            room.load(0)
        machine.free_mb = 1000
        room.load(0)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert "EXAM_MEMORY_MB" in told[0]
    assert told[1] == "new exams are taken again"


def test_a_moments_load_turns_no_student_away() -> None:
    busy = CpuAverage()
    room = Capacity(
        max_exams=10,
        exam_memory_mb=0,
        cpu_limit=0.9,
        free_memory_mb=lambda: 1000.0,
        busy=busy,
    )
    for _ in range(CPU_WINDOW_S):
        busy.add(0.3)
    for _ in range(20):
        busy.add(1.0)
        assert room.load(0) < 1
    for _ in range(CPU_WINDOW_S):
        busy.add(1.0)
    assert room.load(0) >= 1


def test_a_worker_that_has_just_started_is_not_busy() -> None:
    busy = CpuAverage()
    busy.add(1.0)
    assert busy() < 0.1


def test_a_containers_limit_counts_as_the_machines_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capacity, "_CGROUP", tmp_path)
    megabyte = 1024 * 1024
    whole = free_memory_mb()
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text(f"{90 * megabyte}\n")
    assert free_memory_mb() == pytest.approx(whole, rel=0.2)
    (tmp_path / "memory.max").write_text(f"{100 * megabyte}\n")
    assert free_memory_mb() == pytest.approx(10)
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {20 * megabyte}\n")
    assert free_memory_mb() == pytest.approx(30)


def test_students_who_come_in_the_same_moment_are_all_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = build_server(SETTINGS)
    monkeypatch.setattr(type(server), "active_jobs", [])
    server._worker_load, server._draining, server._devmode = 0.0, False, False
    server._reserved_slots = 0
    taken = 0
    while server._is_available():
        taken += 1
        server._reserved_slots = taken
    assert taken == SETTINGS.max_exams


def test_a_worker_waits_for_a_livekit_that_is_away_for_hours() -> None:
    attempts_are_at_most_10_s_apart = 10
    assert build_server(SETTINGS)._max_retry * attempts_are_at_most_10_s_apart > 24 * 3600

"""The whole measurement: every run in a process of its own, systems taking turns."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.one import LONGEST_S, Plan
from bench.processes import ROOT
from deploy.death import dying_with_parent

RUNS = ROOT / "var" / "bench" / "runs"
SEED = 20
"""Of the jitter in the first round; later rounds count on."""
LINES_OF_MANY = 12
"""What each student says where several sit at once: together they say enough."""
FAILURE = "failure.txt"
OVER = "over.txt"
"""Left in the folder of a run that was carried out to its end."""
_PATIENCE_S = 300.0
"""What a run may take beside its exams: starting, coming to rest, stopping."""


def plans(
    folder: Path,
    systems: Sequence[str],
    levels: Sequence[int],
    *,
    rounds: int,
    lines: int | None,
    jitter: bool,
) -> list[Plan]:
    """First a cold start of each system, then rounds in which all systems take turns; with `jitter`
    each round also holds one exam of each system with it."""
    made = [_plan(folder, system, 1, cold=True, lines=0) for system in systems]
    for number in range(rounds):
        for exams in levels:
            said = lines if exams == 1 else min(lines or LINES_OF_MANY, LINES_OF_MANY)
            made += [_plan(folder, each, exams, round=number, lines=said) for each in systems]
        if jitter:
            made += [
                _plan(folder, each, 1, round=number, lines=lines, jitter=SEED + number)
                for each in systems
            ]
    return made


def _plan(folder: Path, system: str, exams: int, **more: object) -> Plan:
    plan = Plan(system=system, exams=exams, folder=folder, kept=folder / "kept", **more)  # type: ignore[arg-type]
    return plan.model_copy(update={"folder": folder / plan.name})


def carry_out(plan: Plan) -> str | None:
    """One run. What went wrong, None if nothing did; it is left as FAILURE in the folder too.
    What an attempt left that was broken off or failed is thrown away."""
    shutil.rmtree(plan.folder, ignore_errors=True)
    plan.folder.mkdir(parents=True)
    file = _file(plan)
    file.write_text(_text(plan))
    problem = _run(file)
    if problem:
        (plan.folder / FAILURE).write_text(problem)
    else:
        (plan.folder / OVER).touch()
    return problem


def is_over(plan: Plan) -> bool:
    """This very plan was carried out: the same number of lines, the same jitter."""
    return (plan.folder / OVER).exists() and _file(plan).read_text() == _text(plan)


def _file(plan: Plan) -> Path:
    return plan.folder / "plan.json"


def _text(plan: Plan) -> str:
    return plan.model_dump_json(indent=1)


def _run(file: Path) -> str | None:
    """What went wrong, None if nothing did."""
    command = [sys.executable, "-m", "bench.one", str(file)]
    with (file.parent / "run.log").open("wb") as log:
        try:
            done = subprocess.run(
                dying_with_parent(command, signal.SIGTERM),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=LONGEST_S + _PATIENCE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return "not over in time"
    if done.returncode == 0:
        return None
    return (file.parent / "run.log").read_text(errors="replace") or f"exit {done.returncode}"

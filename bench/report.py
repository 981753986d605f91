"""The results of a measurement: a Markdown table, `latest.json`, plots, from its runs' folders."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import plots
from bench.log import read
from bench.machine import machine
from bench.measure import Run, measure
from bench.one import Plan
from bench.processes import ROOT
from bench.run import FAILURE, OVER
from bench.summary import Spread, Summary, summarise
from bench.table import markdown

RESULTS = ROOT / "bench" / "results"
_TIMES = ("reply_ms", "content_ms", "wait_ms", "own_ms", "ack_to_content_ms", "barge_in_ms")
_SHARES = ("no_provider_share", "no_provider_content_share")
_COSTS = ("cpu_s_per_exam_minute", "private_mb_per_exam")


def load(folder: Path) -> tuple[list[tuple[Plan, Run]], dict[str, str]]:
    """All runs of a measurement, and what went wrong in those that failed, by name.

    One that goes on, or was broken off, counts as neither.
    """
    runs: list[tuple[Plan, Run]] = []
    failures: dict[str, str] = {}
    for file in sorted(folder.glob("*/plan.json"), key=lambda file: file.stat().st_mtime):
        plan = Plan.model_validate_json(file.read_text())
        if (file.parent / FAILURE).exists():
            failures[plan.name] = (file.parent / FAILURE).read_text()
        elif (file.parent / OVER).exists():
            names = ("students", "providers", "trace", "cost")
            logs = [read(file.parent / f"{name}.jsonl") for name in names]
            runs.append((plan, measure(*logs)))
    return runs, failures


def summaries(runs: Sequence[tuple[Plan, Run]]) -> list[Summary]:
    """One for each system, level and setting that was run, by setting and level."""
    groups: dict[tuple[str, int, bool], list[Run]] = defaultdict(list)
    cold: dict[str, list[Run]] = defaultdict(list)
    for plan, run in runs:
        if plan.cold:
            cold[plan.system].append(run)
        else:
            groups[plan.system, plan.exams, plan.jitter is not None].append(run)
    return [
        summarise(system, exams, group, jitter=jitter, cold=cold[system])
        for (system, exams, jitter), group in sorted(groups.items(), key=_by_level)
    ]


def _by_level(group: tuple[tuple[str, int, bool], list[Run]]) -> tuple[bool, int]:
    (_, exams, jitter), _ = group
    return jitter, exams


def latest(found: Sequence[Summary]) -> dict[str, Any]:
    """What `latest.json` holds. `systems` are the figures at the lowest level, without jitter."""
    plain = [each for each in found if not each.jitter]
    lowest = min((each.exams for each in plain), default=1)
    return {
        "systems": {each.system: _figures(each) for each in plain if each.exams == lowest},
        "exams_at_once": lowest,
        "machine": machine(),
        "levels": [each.model_dump() for each in found],
    }


def _figures(summary: Summary) -> dict[str, Any]:
    figures: dict[str, Any] = {name: _percentiles(summary.times[name]) for name in _TIMES}
    figures |= {name: summary.shares[name] for name in _SHARES}
    figures |= {name: summary.cost[name] for name in _COSTS}
    return figures | {"missing": summary.missing}


def _percentiles(spread: Spread | None) -> dict[str, float] | None:
    if spread is None:
        return None
    return {name: getattr(spread, name).value for name in ("p50", "p95", "p99")}


def write(folder: Path, results: Path = RESULTS) -> str:
    """Writes the results of the measurement in `folder`; returns the Markdown."""
    runs, failures = load(folder)
    found = summaries(runs)
    text = markdown(found, failures, machine())
    results.mkdir(parents=True, exist_ok=True)
    (results / "latest.md").write_text(text)
    (results / "latest.json").write_text(json.dumps(latest(found), indent=1) + "\n")
    plots.draw(results, found, dict(_waits(runs)))
    return text


def _waits(runs: Sequence[tuple[Plan, Run]]) -> Iterator[tuple[str, list[float]]]:
    """Every wait of each system at the lowest level without jitter, in ms."""
    plain = [(plan, run) for plan, run in runs if plan.jitter is None and not plan.cold]
    lowest = min((plan.exams for plan, _ in plain), default=1)
    for system in dict.fromkeys(plan.system for plan, _ in plain):
        chosen = [run for plan, run in plain if (plan.system, plan.exams) == (system, lowest)]
        turns = [turn for run in chosen for turn in run.turns if not turn.interrupts]
        yield system, [1000 * turn.wait for turn in turns if turn.wait is not None]

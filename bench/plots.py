"""Plots of the results: how long students wait, and what becomes of it with exams at once."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.summary import Summary

_SIZE = (8.0, 4.5)


def draw(folder: Path, found: Sequence[Summary], waits: Mapping[str, Sequence[float]]) -> None:
    """`waits`: every wait in ms of each system, with one exam."""
    _distribution(folder / "wait.png", waits)
    plain = [each for each in found if not each.jitter]
    _by_level(folder / "reply_by_exams.png", plain, "reply_ms", "reply time, p95 (ms)")
    _by_level(folder / "wait_by_exams.png", plain, "wait_ms", "student's wait, p95 (ms)")


def _distribution(file: Path, waits: Mapping[str, Sequence[float]]) -> None:
    figure = Figure(figsize=_SIZE)
    axes = figure.subplots()
    for system, samples in waits.items():
        if samples:
            shares = np.arange(1, len(samples) + 1) / len(samples)
            axes.step(np.sort(samples), shares, where="post", label=system)
    axes.set(xlabel="student's wait (ms)", ylabel="share of the turns", xlim=(0, None), ylim=(0, 1))
    _save(figure, axes, file)


def _by_level(file: Path, found: Sequence[Summary], name: str, title: str) -> None:
    figure = Figure(figsize=_SIZE)
    axes = figure.subplots()
    for system in dict.fromkeys(each.system for each in found):
        points = [
            (each.exams, spread.p95)
            for each in found
            if each.system == system and (spread := each.times[name])
        ]
        levels = [exams for exams, _ in points]
        values = [interval.value for _, interval in points]
        below = [max(0.0, interval.value - interval.low) for _, interval in points]
        above = [max(0.0, interval.high - interval.value) for _, interval in points]
        axes.errorbar(levels, values, [below, above], marker="o", capsize=3, label=system)
    axes.set(xlabel="exams at once", ylabel=title, ylim=(0, None))
    _save(figure, axes, file)


def _save(figure: Figure, axes: Axes, file: Path) -> None:
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=120)

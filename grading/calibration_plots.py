"""Draws a calibration: mark against mark, the differences, and the bias of groups."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from grading.calibration import Line, Report
from grading.calibration_compared import Compared

_INK, _LINE, _BAND = "#1f5a99", "#444444", "#b3541e"
_KINDS = ("png", "svg")


def draw(report: Report, compared: Sequence[Compared], folder: Path) -> list[Path]:
    """Write the plots into the folder, each as PNG and SVG; returns their paths."""
    pairs = [
        (one.human, one.machine)
        for one in compared
        if not one.point and one.human is not None and one.machine is not None
    ]
    if not pairs:
        return []
    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    _bubbles(left, pairs, report.step)
    _differences(right, pairs)
    paths = save(figure, folder, "agreement")
    if report.groups:
        figure = Figure(figsize=(8, 1.6 + 0.45 * len(report.groups)), layout="constrained")
        _bias(figure.subplots(), report.groups, report.by or "")
        paths += save(figure, folder, "groups")
    return paths


def _bubbles(axes: Axes, pairs: Sequence[tuple[float, float]], step: float) -> None:
    """Each pair of marks as a circle: the more answers, the larger."""
    counted = Counter((round(one / step), round(other / step)) for one, other in pairs)
    places = np.array(list(counted)) * step
    sizes = np.array(list(counted.values()))
    top = float(places.max()) or 1.0
    axes.plot([0, top], [0, top], color=_LINE, linewidth=1, zorder=1)
    axes.scatter(
        places[:, 0], places[:, 1], s=900 * sizes / sizes.max(), color=_INK, alpha=0.6, zorder=2
    )
    for (one, other), count in counted.items():
        axes.annotate(str(count), (one * step, other * step), ha="center", va="center", fontsize=8)
    axes.set(xlabel="human's mark", ylabel="machine's mark", title="Marks, and how many answers")
    axes.margins(0.12)
    axes.set_aspect("equal")


def _differences(axes: Axes, pairs: Sequence[tuple[float, float]]) -> None:
    """Bland and Altman, Lancet 327 (1986): difference over mean, with the limits of agreement."""
    both = np.array(pairs)
    by = both[:, 1] - both[:, 0]
    mean = by.mean()
    reach = 1.96 * by.std(ddof=1) if len(by) > 1 else 0.0
    axes.scatter(both.mean(axis=1), by, color=_INK, alpha=0.4)
    axes.axhline(0, color=_LINE, linewidth=1)
    axes.axhline(mean, color=_BAND, label=f"bias {round(mean, 2) + 0.0:+.2f}")
    for limit in (mean - reach, mean + reach):
        axes.axhline(limit, color=_BAND, linestyle="--", label=f"95 % limit {limit:+.2f}")
    # Above all points, so that the legend covers none.
    axes.margins(y=0.3)
    axes.set(xlabel="mean of both", ylabel="machine minus human", title="Differences, in marks")
    axes.legend(fontsize=8, loc="upper left", ncols=3)


def _bias(axes: Axes, groups: Sequence[Line], by: str) -> None:
    names = [f"{line.name[0]} (n = {line.agreement.n})" for line in groups]
    for place, line in enumerate(groups):
        axes.plot(line.agreement.bias, place, "o", color=_INK)
        if line.agreement.interval:
            axes.plot(line.agreement.interval, [place, place], color=_INK)
    axes.axvline(0, color=_LINE, linewidth=1)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set(xlabel="machine minus human, in marks, with 95 % interval", title=f"Bias by {by}")


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """As PNG and SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.{kind}" for kind in _KINDS]
    for path in paths:
        figure.savefig(path, dpi=150)
    return paths

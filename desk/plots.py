"""Draws a cohort's figures as SVG. Each plot has a text that says the same."""

import hashlib
import io
import statistics
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from desk.words import flag
from records.cohort import Cohort

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BINS = 10
_MOST_FLAGS = 12
_INK = "#1f5a99"
_OTHER = "#b3541e"
#: matplotlib draws one picture at a time.
_drawing = threading.Lock()


@dataclass(frozen=True)
class Plot:
    """All that a picture is made of. `upright`: columns instead of bars that lie.

    `second`: another value of each, drawn as a mark on its bar.
    """

    name: str
    title: str
    alt: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    unit: str
    second: tuple[float | None, ...] = ()
    second_name: str = ""
    most: float | None = None
    shape: Literal["columns", "bars"] = "bars"

    @property
    def digest(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def of(cohort: Cohort) -> list[Plot]:
    """Those for which there are figures."""
    every = (_marks(cohort), _difficulty(cohort), _time(cohort), _flags(cohort), _waits(cohort))
    return [plot for plot in every if any(plot.values)]


def marks_table(cohort: Cohort) -> list[tuple[str, int]]:
    """How many got from so many percent to so many."""
    counts = [0] * _BINS
    for share in cohort.shares:
        counts[min(_BINS - 1, int(share * _BINS + 1e-9))] += 1
    width = 100 // _BINS
    return [(f"{i * width}–{(i + 1) * width} %", count) for i, count in enumerate(counts)]


def _marks(cohort: Cohort) -> Plot:
    table, shares = marks_table(cohort), cohort.shares
    alt = "No sitting is wholly marked."
    if shares:
        middle = statistics.median(shares)
        alt = (
            f"Marks of {len(shares)} sittings, in percent of the marks to be had: half of them "
            f"have {middle:.0%} or more; the least has {min(shares):.0%}, the most "
            f"{max(shares):.0%}."
        )
    names, values = _columns(table)
    return Plot("marks", "Marks", alt, names, values, "sittings", shape="columns")


def _difficulty(cohort: Cohort) -> Plot:
    some = [each for each in cohort.questions if each.share is not None]
    said = ", ".join(f"{each.question_id} {each.share:.0%}" for each in some)
    return Plot(
        "difficulty",
        "Mean share of the marks, question by question",
        f"Mean share of the marks: {said}.",
        tuple(each.question_id for each in some),
        tuple(100 * (each.share or 0) for each in some),
        "percent",
        most=100,
    )


def _time(cohort: Cohort) -> Plot:
    some = [each for each in cohort.questions if each.seconds is not None]
    said = ", ".join(f"{each.question_id} {each.seconds:.0f} s" for each in some)
    return Plot(
        "time",
        "Time, question by question",
        f"Median time: {said}.",
        tuple(each.question_id for each in some),
        tuple(each.seconds or 0 for each in some),
        "seconds",
        tuple(each.seconds_p90 for each in some),
        "nine in ten needed less",
    )


def _flags(cohort: Cohort) -> Plot:
    told = [(flag(name), count) for name, count in cohort.flags[:_MOST_FLAGS]]
    names, values = _columns(told)
    said = ", ".join(f"{name}: {count}" for name, count in told)
    return Plot("flags", "Flags of marks", f"Flags of marks: {said}.", names, values, "marks")


def _waits(cohort: Cohort) -> Plot:
    waits = cohort.waits
    alt = "No wait is recorded."
    if waits.p50 is not None and waits.p95 is not None:
        alt = (
            f"{waits.count} waits from the end of an answer to the examiner's first sound: "
            f"half of them under {waits.p50 / 1000:.2f} s, 95 in 100 under "
            f"{waits.p95 / 1000:.2f} s."
        )
    wide: dict[int, int] = {}
    for begin, count in waits.buckets:
        wide[begin // 250] = wide.get(begin // 250, 0) + count
    last = max(wide, default=-1)
    names, values = _columns([(f"{i * 0.25:g}", wide.get(i, 0)) for i in range(last + 1)])
    title = "Waits for the examiner, in seconds"
    return Plot("waits", title, alt, names, values, "waits", shape="columns")


def _columns(table: Sequence[tuple[str, float]]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    return tuple(name for name, _ in table), tuple(value for _, value in table)


@lru_cache(maxsize=128)
def draw(plot: Plot) -> bytes:
    """The same figures give the same bytes."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    high = 3.2 if plot.shape == "columns" else 1.2 + 0.3 * len(plot.names)
    settings: dict[Any, Any] = {"svg.hashsalt": plot.name, "svg.fonttype": "none", "font.size": 10}
    with _drawing, rc_context(settings):
        figure = Figure(figsize=(6.4, high), layout="constrained")
        axes = figure.subplots()
        _columns_on(axes, plot) if plot.shape == "columns" else _bars_on(axes, plot)
        axes.set_title(plot.title, fontsize=11)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        drawn = io.BytesIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return drawn.getvalue()


def _columns_on(axes: "Axes", plot: Plot) -> None:
    axes.bar(range(len(plot.names)), plot.values, color=_INK, width=0.9)
    step = max(1, len(plot.names) // 10)
    axes.set_xticks(
        range(0, len(plot.names), step), plot.names[::step], rotation=30, ha="right", fontsize=8
    )
    axes.set_ylabel(plot.unit)


def _bars_on(axes: "Axes", plot: Plot) -> None:
    places = range(len(plot.names))
    axes.barh(places, plot.values, color=_INK, height=0.7)
    marked = [(value, place) for place, value in zip(places, plot.second, strict=False) if value]
    if marked:
        x, y = zip(*marked, strict=True)
        axes.scatter(x, y, color=_OTHER, marker="|", s=120, label=plot.second_name)
        axes.figure.legend(fontsize=8, loc="outside lower right")
    # A name may be long, or hold signs that matplotlib takes for formulas.
    names = [name.replace("$", r"\$")[:40] for name in plot.names]
    axes.set_yticks(places, names, fontsize=9)
    axes.invert_yaxis()
    axes.set_xlabel(plot.unit)
    axes.set_xlim(0, plot.most)

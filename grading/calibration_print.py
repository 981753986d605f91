"""Prints a calibration for people to read."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grading.calibration import Line, Report
from grading.calibration_points import PointLine

_MOST_POINTS = 10


def print_report(report: Report, console: Console) -> None:
    counts = report.counts
    console.print(
        f"Questions: {counts['questions']}, compared {counts['compared']}, "
        f"ungraded {counts['ungraded']}, not graded yet {counts['unmarked']}, "
        f"without a human's mark {counts['without_human']}. Step: {report.step:g} marks."
    )
    for warning in report.warnings:
        console.print(f"Note: {warning}", markup=False)
    if report.machine:
        _table("Human and machine", "", [report.machine], console)
    _table("Humans among themselves, and with the machine", "", report.humans, console)
    _table(
        "Graders among themselves, before they saw the others' reasons", "", report.graders, console
    )
    _table("Each grader and the human", "", report.graders_humans, console)
    _table(f"By {report.by}", report.by or "", report.groups, console)
    _table("By question", "question", report.questions, console)
    _print_points(report.points[:_MOST_POINTS], console)


def _table(title: str, name: str, lines: Sequence[Line], console: Console) -> None:
    if not lines:
        return
    table = Table(title=escape(title), title_justify="left")
    table.add_column(escape(name or "markers"))
    columns = ("n", "exact", "±1 step", "±1 mark", "kappa", "bias", "95 % interval", "distance")
    for column in columns:
        table.add_column(column, justify="right")
    for line in lines:
        one = line.agreement
        interval = " to ".join(map(_signed, one.interval)) if one.interval else "–"
        table.add_row(
            escape(" / ".join(line.name if name else line.markers)),
            str(one.n),
            f"{one.exact:.0%}",
            f"{one.within_step:.0%}",
            f"{one.within_mark:.0%}",
            "–" if one.kappa is None else f"{one.kappa:.2f}",
            _signed(one.bias),
            interval,
            f"{one.distance:.2f}",
        )
    console.print(table)


def _print_points(points: Sequence[PointLine], console: Console) -> None:
    if not any(any(point.worst) for point in points):
        return
    table = Table(title="Points that disagree most, in shares of their marks", title_justify="left")
    table.add_column("point")
    for column in ("out of", "n", "distance", "bias", "pairs of graders", "their distance"):
        table.add_column(column, justify="right")
    for one in points:
        table.add_row(
            escape(f"{one.exam} / {one.question} / {one.point}"),
            f"{one.out_of:g}",
            str(one.n),
            _share(one.distance),
            "–" if one.bias is None else f"{one.bias:+.0%}",
            str(one.graders_n),
            _share(one.graders_distance),
        )
    console.print(table)


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _signed(marks: float) -> str:
    return f"{marks:+.2f}" if abs(marks) >= 0.005 else "0.00"

"""Draws a regrading: each student's total before and after."""

from pathlib import Path

from matplotlib.figure import Figure

from grading.calibration_plots import save
from records.comparing import Comparison


def draw(comparison: Comparison, folder: Path) -> list[Path]:
    """Write the plot into the folder as PNG and SVG; [] where no total is there twice."""
    totals = [
        (student.old_total, student.new_total, student.released)
        for student in comparison.students
        if student.old_total is not None and student.new_total is not None
    ]
    if not totals:
        return []
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    top = max(student.out_of for student in comparison.students)
    axes.plot([0, top], [0, top], color="#444444", linewidth=1, label="no change")
    for was, label, color in ((False, "not released", "#1f5a99"), (True, "released", "#b3541e")):
        some = [(old, new) for old, new, released in totals if released is was]
        if some:
            axes.scatter(*zip(*some, strict=True), alpha=0.6, label=label, color=color)
    axes.set(
        xlabel="total before", ylabel="total after", title=f"Regrading of {comparison.exam_id}"
    )
    axes.legend()
    axes.set_aspect("equal")
    return save(figure, folder, "regrading")

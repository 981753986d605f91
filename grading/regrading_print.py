"""Prints who would change by a regrading, for people to read."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from records.comparing import Change, Comparison


def print_comparison(comparison: Comparison, console: Console) -> None:
    changed = comparison.changed
    console.print(
        f"Exam {escape(comparison.exam_id)}: {len(comparison.students)} marked anew, "
        f"{len(changed)} would change, {len(comparison.released)} of them have been released."
    )
    up = sum(1 for each in changed if (each.difference or 0) > 0)
    down = sum(1 for each in changed if (each.difference or 0) < 0)
    console.print(f"Higher {up}, lower {down}, otherwise {len(changed) - up - down}.")
    if comparison.pending:
        console.print(f"Still to come: {len(comparison.pending)}.")
    if comparison.without:
        console.print(f"Without two versions to compare: {len(comparison.without)}.")
    if any(each.provisional for each in comparison.students):
        console.print("Note: some new marks are provisional, made by keywords.")
    if not changed:
        return
    table = Table("student", "sitting", "versions", "total", "questions", "")
    for each in changed:
        table.add_row(
            escape(each.user_id),
            each.sitting_id,
            f"{each.old_version} → {each.new_version}",
            f"{marks(each.old_total)} → {marks(each.new_total)} of {each.out_of:g}",
            escape("\n".join(_change(change) for change in each.changes)),
            "released" if each.released else "",
        )
    console.print(table)


def marks(given: float | None) -> str:
    """A dash for what nobody could mark: never a 0."""
    return "–" if given is None else f"{given:g}"


def _change(change: Change) -> str:
    told = f"{change.question_id}: {marks(change.old)} → {marks(change.new)} of {change.out_of:g}"
    if change.overridden is not None:
        told += f" (the teacher's {change.overridden:g} stands)"
    return told

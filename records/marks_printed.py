"""Shows the marks of a sitting to a person on a terminal, or to a program."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from records.desk_sitting import SittingView
from records.effective import EffectiveMark, total
from records.transcript import plain_text


def marks_plain(view: SittingView) -> dict[str, Any]:
    """`grading`: the one that holds, None without any; `marking`: whether one is under way."""
    shown = view.shown
    kept = ("id", "version", "reason", "provisional", "settings", "finished_at")
    return {
        "marking": view.waits is not None,
        "grading": {name: getattr(shown, name) for name in kept} if shown else None,
        "marks": view.effective,
        "total": total(view.effective),
    }


def print_marks(view: SittingView, console: Console) -> None:
    console.print(Text("\nMarks", style="bold"))
    if view.shown is None:
        console.print("Being marked." if view.waits else "None yet.")
        return
    if any(each.provisional for each in view.effective):
        console.print("Provisional: marked by keywords, without a model.", style="yellow")
    table = Table("Question", "Marks", "Flags", "Said", box=None)
    for each in view.effective:
        table.add_row(
            plain_text(each.question_id),
            f"{_number(each.marks)} / {each.out_of:g}" + (" *" if each.overridden else ""),
            plain_text(", ".join(each.flags)),
            plain_text(_quotes(each)),
        )
    console.print(table)
    out_of = sum(each.out_of for each in view.effective)
    console.print(f"In all: {_number(total(view.effective))} / {out_of:g}")
    if any(each.overridden for each in view.effective):
        console.print("* by a teacher")


def _quotes(each: EffectiveMark) -> str:
    points = each.mark.points if each.mark else []
    return " … ".join(quote["text"] for point in points for quote in point.get("quotes", []))


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"

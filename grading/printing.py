"""A graded sitting at a terminal, and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from records.marking import Grading, Mark
from records.model import Json


def as_json(grading: Grading, marks: Sequence[Mark]) -> Json:
    return {
        "sitting": grading.sitting_id,
        "version": grading.version,
        "provisional": grading.provisional,
        "marks": total(marks),
        "out_of": sum(mark.out_of for mark in marks),
        "questions": [asdict(mark) for mark in marks],
    }


def total(marks: Sequence[Mark]) -> float | None:
    """None while there is an answer without a mark."""
    given = [mark.marks for mark in marks if mark.marks is not None]
    return sum(given) if len(given) == len(marks) else None


def print_marks(console: Console, grading: Grading, marks: Sequence[Mark]) -> None:
    table = Table("question", "marks", "spread", "why", "flags", show_lines=True)
    for mark in marks:
        table.add_row(
            mark.question_id,
            _marks(mark.marks, mark.out_of),
            "" if mark.spread is None else f"{mark.spread:g}",
            _why(mark),
            ", ".join(flag.replace("_", " ") for flag in mark.flags),
        )
    console.print(table)
    said = f"Together {_marks(total(marks), sum(mark.out_of for mark in marks))}."
    if grading.provisional:
        said += " Provisional: by keywords, without a model."
    console.print(Text(said))


def _marks(marks: float | None, out_of: float) -> str:
    return f"{'ungraded' if marks is None else f'{marks:g}'} of {out_of:g}"


def _why(mark: Mark) -> Text:
    text = Text()
    for point in mark.points:
        text.append(f"{point['id']} {point['marks']:g}/{point['out_of']:g}: {point['reason']}\n")
        for quote in point["quotes"]:
            text.append(f"  “{quote['text']}” (turn {quote['turn']})\n", style="italic")
    text.rstrip()
    return text

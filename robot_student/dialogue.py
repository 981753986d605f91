"""Prints the dialogue while it happens."""

from rich.console import Console
from rich.text import Text

from robot_student.journal import Line
from robot_student.report import Report, Spread

STYLES = {"examiner": "cyan", "student": "green", "note": "dim"}
NAMES = {"examiner": "examiner", "student": "student", "note": "·"}


class Dialogue:
    """Use as `show` of a Robot."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, line: Line) -> None:
        wait = f"{line.wait_ms:5.0f} ms" if line.wait_ms is not None else ""
        text = Text.assemble(
            (f"{line.at_s:7.1f} s  ", "dim"),
            (f"{NAMES[line.who]:<9}", STYLES[line.who]),
            (f"{wait:>9}  ", "yellow"),
            (line.text, "dim" if line.who == "note" else ""),
        )
        self._console.print(text)

    def close(self, report: Report) -> None:
        """The measures, and how it ended."""
        first = report.join_to_first_word_ms
        if first is None:
            return
        self._console.print()
        self._console.print(f"join to first word   {first:.0f} ms")
        self._console.print(f"wait for an answer   {_spread(report.waits_ms)}")
        if report.barge_in_ms.n:
            self._console.print(f"interruption to silence   {_spread(report.barge_in_ms)}")
        if report.cut_offs:
            self._console.print(f"cut off while speaking: {report.cut_offs} times", style="yellow")
        if report.completed:
            self._console.print(f"The exam is complete ({report.duration_s:.0f} s).", style="green")


def _spread(spread: Spread) -> str:
    if spread.p50 is None or spread.p95 is None:
        return "not measured"
    return f"p50 {spread.p50:.0f} ms, p95 {spread.p95:.0f} ms, n {spread.n}"

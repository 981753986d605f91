"""The door of the exam graph: `python -m exam_graph check FILE…`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from exam_graph.check import Report, check_papers

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Exam papers, without an exam.")


@app.callback()
def _commands() -> None:
    """Keeps `check` a command of its own while it is the only one."""


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Papers, or folders of papers.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
) -> None:
    """Find what is wrong with papers: file, line, field and reason. Exit 1 on errors; warnings
    are hints for the author and do not count."""
    reports = check_papers(files)
    if as_json:
        typer.echo(json.dumps([report.to_dict() for report in reports], ensure_ascii=False))
    else:
        _print(reports)
    if any(report.problems for report in reports):
        raise typer.Exit(1)


def _print(reports: list[Report]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for report in reports:
        for problem in report.problems:
            console.print(Text(str(problem), style="red"))
        for warning in report.warnings:
            console.print(Text(f"{warning} (warning)", style="yellow"))
    problems = sum(len(report.problems) for report in reports)
    warnings = sum(len(report.warnings) for report in reports)
    console.print(
        f"{_count(len(reports), 'paper')} checked: "
        f"{_count(problems, 'error')}, {_count(warnings, 'warning')}"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


if __name__ == "__main__":
    app(prog_name="python -m exam_graph")

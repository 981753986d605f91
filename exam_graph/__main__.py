"""The door of the exam graph: `python -m exam_graph check FILE…`, `… talk PAPER` and
`… import FILE`."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from exam_graph import importing_door
from exam_graph.check import Report, check_papers

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Exam papers, without an exam.")
app.add_typer(importing_door.app)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Papers, or folders of papers.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON array.")] = False,
    aloud: Annotated[
        bool, typer.Option("--aloud", help="Print how everything will sound, too.")
    ] = False,
) -> None:
    """Find what is wrong with papers: file, line, field and reason. Exit 1 on errors; warnings
    are hints for the author and do not count."""
    reports = check_papers(files, with_sounds=aloud)
    if as_json:
        typer.echo(json.dumps([report.to_dict() for report in reports], ensure_ascii=False))
    else:
        _print(reports)
    if any(report.problems for report in reports):
        raise typer.Exit(1)


@app.command()
def talk(
    paper: Annotated[Path | None, typer.Argument(help="The paper; a script names its own.")] = None,
    script: Annotated[
        Path | None, typer.Option(help="A file of dialogues to replay, without typing.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which questions a paper with `select` gives.")] = 1,
    mode: Annotated[
        str | None, typer.Option(help="exam or learn, instead of the paper's own.")
    ] = None,
    profile: Annotated[
        list[str] | None,
        typer.Option(help="An adjustment, NAME=VALUE, as extra_time_percent=25; repeat it."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the record as JSON; the talk goes to stderr.")
    ] = False,
) -> None:
    """Take an exam as a text chat, or replay written dialogues (docs/talking.md).

    Type what the student says; /help lists the buttons, and how to let silence pass. Exit 1 if an
    expectation of a script is not met, 2 if paper, script or profile cannot be used."""
    from exam_graph.talking import TalkError, hold, to_json

    screen = Console(stderr=as_json, soft_wrap=True, highlight=False)
    try:
        outcomes = asyncio.run(hold(paper, script, seed, mode, profile or [], screen))
    except TalkError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(Text(str(error), style="red"))
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(to_json(outcomes))
    if any(failures for _, failures in outcomes):
        raise typer.Exit(1)


def _print(reports: list[Report]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for report in reports:
        _print_sounds(report, console)
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


def _print_sounds(report: Report, console: Console) -> None:
    """What is spoken; where that is not what is shown, both, marked with a star."""
    question: str | None = ""
    for sound in report.sounds:
        if sound.question != question:
            question = sound.question
            console.print(Text(f"\n{question or report.file}", style="bold"))
        if sound.differs:
            console.print(Text(f"* {sound.part}: {sound.spoken}", style="cyan"))
            console.print(Text(f"  shown: {sound.shown}", style="dim"))
        else:
            console.print(Text(f"  {sound.part}: {sound.spoken}"))
    if report.sounds:
        console.print()


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


if __name__ == "__main__":
    app(prog_name="python -m exam_graph")

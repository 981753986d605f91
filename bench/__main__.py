"""The measurements: `python -m bench turn`. Figures of this machine; compare ratios, not days."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from bench import turn as turns

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)


@app.callback()
def door() -> None:
    """Several benchmarks, each a command."""


@app.command()
def turn(
    questions: Annotated[int, typer.Option(help="Questions of the paper.", min=6)] = 41,
    exams: Annotated[int, typer.Option(help="Exams to hold, one after another.", min=1)] = 12,
) -> None:
    """What a turn costs without a model: the graph until its words are there, and the commit."""
    console = Console()
    with console.status("Holding exams …"):
        table = asyncio.run(turns.measure(questions, exams))
    console.print(table)


if __name__ == "__main__":
    app()

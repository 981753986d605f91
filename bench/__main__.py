"""The measurements: `python -m bench turn|wait|desk`. Compare ratios of one run, not two days."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import turn as turns

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
QUICK_LINES = 8

Folder = Annotated[
    Path | None, typer.Argument(help="A measurement in var/bench/runs; the newest if none.")
]


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


@app.command()
def wait(
    exams: Annotated[
        str, typer.Option(help="How many exams at once, level by level, in this order.")
    ] = "4,8,12,1",
    systems: Annotated[str, typer.Option(help="Which systems; all if not given.")] = "",
    rounds: Annotated[int, typer.Option(help="How often each is measured.", min=1)] = 1,
    jitter: Annotated[
        bool, typer.Option(help="One exam of each system also with providers that vary.")
    ] = True,
    lines: Annotated[
        int | None,
        typer.Option(
            help="Only so many of the script's lines; of several students at most 12.", min=4
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Few lines, no jitter: a trial.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the newest measurement; same options.")
    ] = False,
) -> None:
    """How long a student waits, and what it costs: Voxam beside other ways to build it."""
    from bench import report, run
    from bench.systems.registry import SYSTEMS

    console = Console()
    names = [name for name in systems.split(",") if name] or list(SYSTEMS)
    if unknown := set(names) - set(SYSTEMS):
        raise typer.BadParameter(f"unknown: {', '.join(unknown)}; known: {', '.join(SYSTEMS)}")
    folder = _newest() if resume else run.RUNS / datetime.now().strftime("%Y%m%d-%H%M%S")
    plans = run.plans(
        folder,
        names,
        [int(level) for level in exams.split(",")],
        rounds=rounds,
        lines=QUICK_LINES if quick else lines,
        jitter=jitter and not quick,
    )
    for number, plan in enumerate(plans, start=1):
        if run.is_over(plan):
            continue
        console.print(f"{datetime.now():%H:%M:%S} {number}/{len(plans)} {plan.name}")
        if problem := run.carry_out(plan):
            console.print(f"failed: {problem.splitlines()[-1]}", style="red", markup=False)
    console.print(report.write(folder), markup=False, highlight=False, soft_wrap=True)
    console.print(f"Logs: {folder}. Results: {report.RESULTS}.")


@app.command()
def desk(
    sittings: Annotated[int, typer.Option(help="How many, all marked.", min=40)] = 1000,
    rounds: Annotated[int, typer.Option(help="How often each page is asked for.", min=2)] = 30,
) -> None:
    """What the teacher's pages and the exports cost with many sittings; exit 1 above 200 ms."""
    from bench import desk as pages

    console = Console()
    with console.status("Building a school, and reading it …"):
        timed, files = pages.measure(sittings, rounds)
    console.print(pages.table(timed, files, sittings))
    if any(page.p95_ms > pages.TARGET_MS for page in timed):
        raise typer.Exit(1)


@app.command()
def report(folder: Folder = None) -> None:
    """The results of a measurement again, from its logs."""
    from bench import report as results

    text = results.write(folder or _newest())
    Console().print(text, markup=False, highlight=False, soft_wrap=True)


@app.command("trace-turn")
def trace_turn(
    line: Annotated[int, typer.Option(help="Which line of the script.")] = 3,
    system: Annotated[str, typer.Option(help="Whose turn.")] = "voxam",
    folder: Folder = None,
) -> None:
    """One turn of a measurement, hop by hop."""
    from bench import hops

    run = (folder or _newest()) / f"{system}-1-0"
    try:
        Console().print(hops.of(run, line))
    except LookupError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None


def _newest() -> Path:
    from bench.run import RUNS

    found = sorted(RUNS.iterdir()) if RUNS.exists() else []
    if not found:
        typer.echo("Nothing was measured yet: python -m bench wait --quick", err=True)
        raise typer.Exit(1)
    return found[-1]


if __name__ == "__main__":
    app()

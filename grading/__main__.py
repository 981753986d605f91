"""`python -m grading`: the service that marks what was said in an exam."""

import asyncio
import json
import logging
import signal
import socket
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console

from grading import calibration_door, regrading
from grading.app import create_app, tell_models
from grading.asking import Models
from grading.marking import Marking, Result
from grading.printing import as_json, print_marks
from grading.service import Service
from grading.settings import Settings
from grading.starting import checked_or_stop, settings_or_stop
from records.discretion import keep_discretion
from records.door import AsJson, SittingName, named, run, stop
from records.errors import SittingRuns
from records.grading_store import GradingStore
from records.marking import Grading, Mark
from records.starting import listening_or_stop
from records.store import Records

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
for commands in (calibration_door, regrading):
    app.add_typer(commands.app)

_OVER = ("finished", "abandoned")


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(
            help="Health and metrics, on 127.0.0.1. [default: GRADING_PORT, 8030]",
            min=0,
            max=65535,
        ),
    ] = None,
    pending: Annotated[bool, typer.Option("--pending", help="Mark what waits, then end.")] = False,
) -> None:
    """Mark sittings that are over, as they come; any number of these may run side by side.

    Takes GROQ_API_KEY, GROQ_BASE_URL, GRADING_MODELS and DATABASE_URL. Without a key keywords give
    marks, which are provisional.
    """
    if context.invoked_subcommand is not None:
        return
    if pending:
        _mark_pending()
    else:
        serve(port)


@app.command()
def serve(
    port: Annotated[
        int | None,
        typer.Option(help="Health and metrics, on 127.0.0.1. [default: GRADING_PORT, 8030]"),
    ] = None,
) -> None:
    """Mark sittings that are over, until told to end. Ready when GET /readyz answers 200."""
    _log(logging.INFO)
    settings = settings_or_stop()
    checked_or_stop(settings)
    port = settings.grading_port if port is None else port
    with listening_or_stop("127.0.0.1", port):
        listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(
        create_app(settings), log_config=None, access_log=False, server_header=False, ws="none"
    )
    uvicorn.Server(config).run(sockets=[listener])


@app.command("run")
def run_(sitting: SittingName, json_: AsJson = False) -> None:
    """Mark one sitting now, and show its marks."""
    _log(logging.WARNING)
    settings = settings_or_stop()
    grading, marks = run(_ending(_mark_one(settings, sitting)))
    if json_:
        typer.echo(json.dumps(as_json(grading, marks), ensure_ascii=False, indent=2))
    else:
        print_marks(Console(), grading, marks)


def _mark_pending() -> None:
    _log(logging.WARNING)
    settings = settings_or_stop()
    counts = {"done": 0, "put_off": 0, "lost": 0}

    def told(grading: Grading, result: Result) -> None:
        counts[result] += 1
        typer.echo(f"{sum(counts.values())}: sitting {grading.sitting_id} is {_SAID[result]}.")

    async def work_off() -> None:
        store = await GradingStore.open(settings.database_url)
        async with Models(settings) as models:
            await tell_models(settings, models)
            await Service(store, settings, Marking(store, settings, models), told=told).work_off()
        await store.close()

    run(_ending(work_off()))
    typer.echo(f"{counts['done']} marked, {counts['put_off']} put off.")


_SAID: dict[Result, str] = {
    "done": "marked",
    "put_off": "put off, and waits",
    "lost": "with another grader",
}


async def _mark_one(settings: Settings, name: str) -> tuple[Grading, list[Mark]]:
    records = await Records.open(settings.database_url)
    try:
        sitting = await named(records, name)
    finally:
        await records.close()
    if sitting.status not in _OVER:
        raise SittingRuns(f"Sitting {sitting.id} is not over: it is {sitting.status}.")
    store = await GradingStore.open(settings.database_url)
    try:
        return await _graded(settings, store, sitting.id)
    finally:
        await store.close()


async def _graded(
    settings: Settings, store: GradingStore, sitting_id: str
) -> tuple[Grading, list[Mark]]:
    before = await store.gradings(sitting_id)
    if all(grading.state == "done" for grading in before):
        await store.ask_for(sitting_id, "asked_again" if before else "closed")
    async with Models(settings) as models:
        marking = Marking(store, settings, models)
        await Service(store, settings, marking, only=sitting_id).work_off()
    grading = (await store.gradings(sitting_id))[-1]
    if grading.state != "done":
        stop(f"Sitting {sitting_id} could not be marked now: it waits in the queue.")
    return grading, await store.marks(grading.id)


async def _ending(work: Coroutine[Any, Any, Any]) -> Any:
    """SIGTERM and SIGINT end it in order: what is under way is given back."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        stop("Ended; what was under way waits in the queue.")


def _log(level: int) -> None:
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    keep_discretion()


if __name__ == "__main__":
    app()

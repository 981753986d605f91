"""The worker's door: `python -m worker start|dev|console|publish|doctor`."""

import asyncio
import logging
import secrets
import shlex
import sys
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.logging import RichHandler

from exam_graph.loading import paper_files
from records.discretion import keep_discretion
from records.errors import RecordsError
from records.exposure import unfit
from records.model import Sitting
from records.store import Records
from worker.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Voxam's examiner.")
_errors = Console(stderr=True)
S = TypeVar("S", bound=Settings)


def _read(kind: type[S]) -> S:
    try:
        return kind()
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(str(part) for part in problem["loc"]).upper()
            _errors.print(f"[red]{name}: {problem['msg']}[/red]")
        raise typer.Exit(2) from None


def _settings(*, livekit: bool) -> Settings:
    settings = _read(Settings)
    if livekit and not (settings.livekit_api_key and settings.livekit_api_secret):
        _errors.print("[red]LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be set.[/red]")
        raise typer.Exit(2)
    if livekit:
        _refuse_exposure(settings)
    return settings


def _refuse_exposure(settings: Settings) -> None:
    problems = unfit(
        public_url=settings.public_url,
        livekit_url=settings.livekit_url,
        livekit_api_key=settings.livekit_api_key,
        secrets={"LIVEKIT_API_SECRET": settings.livekit_api_secret.get_secret_value()},
    )
    if problems:
        _errors.print("Not started where others can reach it:", style="red")
        for problem in problems:
            _errors.print(problem, style="red", soft_wrap=True)
        raise typer.Exit(2)


def _log(level: int, *, colour: bool) -> None:
    if colour:
        logging.basicConfig(level=level, format="%(name)s %(message)s", handlers=[RichHandler()])
    else:
        logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    keep_discretion()
    # Says at each opening of the database which kind it is.
    logging.getLogger("alembic").setLevel(logging.WARNING)


@app.command()
def start(
    debug: Annotated[
        bool, typer.Option("--debug", help="More log, and a stop does not wait for exams to end.")
    ] = False,
) -> None:
    """Register with LiveKit and hold exams, as in production."""
    from worker.ports import PortTakenError
    from worker.server import serve

    settings = _settings(livekit=True)
    _log(logging.DEBUG if debug else logging.INFO, colour=debug)
    asyncio.run(_publish(settings, None))
    try:
        asyncio.run(serve(settings, devmode=debug))
    except PortTakenError as error:
        _errors.print(f"[red]{error}[/red]", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None


@app.command()
def dev() -> None:
    """The same for development: `start --debug`, again whenever a file changes."""
    from watchfiles import PythonFilter, run_process

    settings = _settings(livekit=True)
    run_process(
        *("worker", "exam_graph", "records", settings.papers_dir),
        target=shlex.join([sys.executable, "-m", "worker", "start", "--debug"]),
        target_type="command",
        watch_filter=PythonFilter(extra_extensions=(".yaml", ".md")),
    )


@app.command()
def publish(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Papers; all of PAPERS_DIR if none are named.")
    ] = None,
) -> None:
    """Check papers and put the valid ones into the record, ready for sittings."""
    if asyncio.run(_publish(_settings(livekit=False), files)):
        raise typer.Exit(1)


@app.command()
def doctor(
    json_: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Check everything that an exam needs, and say what is to be mended."""
    from worker.checks.settings import DoctorSettings
    from worker.doctor import as_json, examine_all, healthy, print_findings

    settings = _read(DoctorSettings)
    _log(logging.CRITICAL, colour=False)
    findings = asyncio.run(examine_all(settings))
    if json_:
        typer.echo(as_json(findings))
    else:
        print_findings(findings, Console())
    if not healthy(findings):
        raise typer.Exit(1)


async def _publish(settings: Settings, files: list[Path] | None) -> bool:
    """Publishes, says what is wrong; True if anything was."""
    from worker.publish import publish as publish_papers

    screen = Console(soft_wrap=True)
    records = await _open_records(settings)
    try:
        found = files if files else paper_files(settings.papers_dir)
        published, problems = await publish_papers(found, records)
    finally:
        await records.close()
    for problem in problems:
        _errors.print(f"[red]{problem}[/red]", highlight=False, soft_wrap=True)
    if not found:
        _errors.print(f"[red]There is no paper in {settings.papers_dir}.[/red]")
    screen.print(f"published: {', '.join(published) or 'none'}")
    return bool(problems) or not found


async def _open_records(settings: Settings) -> Records:
    try:
        return await Records.open(settings.database_url)
    except RecordsError as error:
        _errors.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None


@app.command()
def console(
    exam: Annotated[str, typer.Option(help="The id of a published paper.")],
    text: Annotated[bool, typer.Option("--text", help="Type instead of speaking.")] = False,
) -> None:
    """Hold one exam in this terminal."""
    settings = _settings(livekit=False)
    _log(logging.WARNING, colour=True)
    if text:
        over = asyncio.run(_console_in_text(settings, exam))
        raise typer.Exit(0 if over else 1)
    from worker.console_audio import NoSoundError, run_console
    from worker.server import build_server

    try:
        run_console(build_server(settings), asyncio.run(_console_sitting(settings, exam)))
    except NoSoundError as error:
        _errors.print(f"[red]{error}[/red]")
        raise typer.Exit(1) from None


async def _console_sitting(settings: Settings, exam: str) -> str:
    records = await _open_records(settings)
    try:
        return (await _new_sitting(records, exam)).id
    finally:
        await records.close()


async def _console_in_text(settings: Settings, exam: str) -> bool:
    from exam_graph.graph import build_graph
    from exam_graph.rules import RulesUnderstanding
    from worker.console import TextConsole, typed_lines
    from worker.lease import holding
    from worker.opening import open_examiner

    records = await _open_records(settings)
    try:
        sitting = await _new_sitting(records, exam)
        async with (
            holding(records, sitting.id) as hold,
            open_examiner(
                sitting, hold.fence, records, build_graph(), RulesUnderstanding(), settings
            ) as examiner,
        ):
            screen = Console(soft_wrap=True, highlight=False)
            over = await TextConsole(examiner, screen).hold(typed_lines())
        screen.print(f"[dim]record: python -m records show {sitting.id}[/dim]")
        return over
    finally:
        await records.close()


async def _new_sitting(records: Records, exam: str) -> Sitting:
    """A sitting of a developer's own, new every time."""
    try:
        sitting, _ = await records.open_sitting(
            user_id=f"console-{secrets.token_hex(4)}",
            exam_id=exam,
            consent={"recording": False, "text_version": "console"},
            profile={},
            invitation=None,
        )
    except RecordsError as error:
        published = ", ".join(paper.exam_id for paper in await records.papers())
        _errors.print(f"[red]{error}[/red] Published: {published or 'none'}.")
        raise typer.Exit(1) from None
    return sitting


if __name__ == "__main__":
    sys.exit(app())

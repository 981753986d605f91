"""`python -m deploy`: a whole Voxam on this machine, from one command."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy import dependencies, environment, parts, settings, student
from deploy.death import dying_with_parent
from deploy.errors import DeployError, ToolMissing
from deploy.interruption import Interrupted, Interruption, interruptible
from deploy.launch import Running, running
from deploy.ports import require_free

ROOT = Path(__file__).resolve().parent.parent
INTERRUPTED = 130  # as shells report Ctrl-C

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)


class Student(StrEnum):
    """Who takes the exam."""

    PERSON = "person"
    ROBOT = "robot"


Exam = Annotated[str | None, typer.Option(help="Paper id. [default: the first in PAPERS_DIR]")]


@app.command()
def exam(
    exam: Exam = None,
    student: Annotated[Student, typer.Option(help="Who takes the exam.")] = Student.PERSON,
    workers: Annotated[int, typer.Option(min=1, max=16, help="Worker replicas.")] = 1,
) -> None:
    """Starts everything and prints a link for the student, or lets the robot take the exam."""
    _hold(exam, student, workers, developing=False)


@app.command()
def dev(exam: Exam = None) -> None:
    """Like exam, with a worker that restarts when its code changes."""
    _hold(exam, Student.PERSON, 1, developing=True)


@app.command()
def console(
    exam: Exam = None,
    text: Annotated[bool, typer.Option(help="Typed, without audio.")] = False,
) -> None:
    """An exam at this terminal: by voice through the sound card, or typed with --text."""
    with _one_sentence() as interruption:
        config, env = _prepare()
        command = [sys.executable, "-m", "worker", "console", "--exam", _paper(exam, config)]
        command += ["--text"] if text else []
        needed = parts.for_console(config, speaks=not text)
        if not text:
            require_free(parts.speech_ports(config))
        logs = config.var_dir / "logs"
        progress = Console(stderr=True, soft_wrap=True)
        with running(
            needed, root=ROOT, logs=logs, env=env, console=progress, interruption=interruption
        ) as up:
            code = _attached(command, env, up)
    raise typer.Exit(code)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def doctor(context: typer.Context) -> None:
    """Checks all that the parts need, in the environment that `make exam` would give them."""
    with _one_sentence():
        config, env = _prepare()
    env |= environment.for_doctor(config, ROOT, env)
    command = [sys.executable, "-m", "worker", "doctor", *context.args]
    raise typer.Exit(subprocess.run(command, cwd=ROOT, env=env).returncode)  # noqa: S603


@app.command()
def sbom() -> None:
    """Lists all packages that Voxam is made of, in reports/."""
    with _one_sentence():
        for path in dependencies.write_sbom(ROOT, ROOT / "reports"):
            typer.echo(f"written: {path.relative_to(ROOT)}")


@app.command()
def audit() -> None:
    """Asks whether a package is known to be unsafe. Exit code 1 if so, 3 if nobody can be asked."""
    with _one_sentence():
        code, lines = dependencies.audit(ROOT)
    typer.echo("\n".join(lines))
    raise typer.Exit(code)


def _hold(exam: str | None, who: Student, workers: int, *, developing: bool) -> None:
    with _one_sentence() as interruption:
        config, env = _prepare()
        exam_id = _paper(exam, config)
        script = config.papers_dir / f"{exam_id}.robot.yaml"
        if who is Student.ROBOT and not (ROOT / script).is_file():
            raise ToolMissing(f"The robot has no script for this exam: {script} is missing.")
        require_free(parts.ports(config, workers=workers))
        needed = parts.for_exam(config, ROOT, env, workers=workers, developing=developing)
        logs = config.var_dir / "logs"
        progress = Console(soft_wrap=True)
        with running(
            needed, root=ROOT, logs=logs, env=env, console=progress, interruption=interruption
        ) as up:
            link = student.invite(exam_id, root=ROOT, env=env)
            typer.echo(f"\nStudent link: {link}")
            password = student.teacher_password(root=ROOT, env=env)
            name = student.TEACHER
            typer.echo(f"Teacher's desk: {env['DESK_URL']} (name {name}, password {password})\n")
            if who is Student.PERSON:
                typer.echo(f"Logs are in {logs}. Ctrl-C stops everything.")
                with _ctrl_c_is_the_end():
                    up.watch()
            completed = student.robot_takes(link, running=up, script=script, root=ROOT, env=env)
    raise typer.Exit(0 if completed else 1)


def _prepare() -> tuple[settings.Settings, dict[str, str]]:
    os.chdir(ROOT)
    environment.load_dotenv_file(ROOT)
    config = settings.read()
    made = environment.dev_secrets(config.var_dir / "dev.env")
    return config, environment.for_parts(config, ROOT, os.environ, made)


def _paper(exam: str | None, config: settings.Settings) -> str:
    """The id of the paper to take: the one asked for, else the first. Papers are named ID.yaml."""
    known = sorted(
        path.stem for path in config.papers_dir.glob("*.yaml") if not path.stem.endswith(".robot")
    )
    if not known:
        raise ToolMissing(f"There is no paper in {config.papers_dir}.")
    if exam is None:
        return known[0]
    if exam not in known:
        raise ToolMissing(
            f"There is no paper {exam}.yaml in {config.papers_dir}; there is: {', '.join(known)}."
        )
    return exam


def _attached(command: list[str], env: dict[str, str], up: Running) -> int:
    """Runs a program with this terminal as its own; its exit code."""
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is that program's to understand
    child = subprocess.Popen(  # noqa: S603 -- our own doors
        dying_with_parent(command, signal.SIGKILL), cwd=ROOT, env=env
    )
    try:
        up.watch(lambda: child.poll() is not None)
    finally:
        child.kill()
        child.wait()
    return child.returncode


@contextmanager
def _one_sentence() -> Iterator[Interruption]:
    """Whatever goes wrong is told in one sentence, with an exit code other than 0."""
    try:
        with interruptible() as interruption:
            yield interruption
    except DeployError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from None
    except Interrupted:
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def _ctrl_c_is_the_end() -> Iterator[None]:
    """Once everything runs, Ctrl-C is how it is meant to end: exit code 0."""
    try:
        yield
    except Interrupted:
        raise typer.Exit(0) from None


if __name__ == "__main__":
    app()

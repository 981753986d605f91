"""`python -m robot_student`: exit 0 when the exam finished, 1 when not, 2 for bad arguments."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from robot_student import invitation, script, voice
from robot_student.dialogue import Dialogue
from robot_student.errors import ScriptError
from robot_student.robot import Robot
from robot_student.settings import Manners, SpeechSettings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _link(value: str) -> str:
    try:
        invitation.parse(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return value


@app.command()
def take_exam(
    link: Annotated[str, typer.Option(callback=_link, help="The student's invitation link.")],
    script_file: Annotated[Path, typer.Option("--script", help="What to answer: FILE.robot.yaml.")],
    report: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the report here, as JSON.")
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Write heard.wav and said.wav into this folder."),
    ] = None,
    model: Annotated[str, typer.Option("--voice", help="The robot's voice.")] = voice.DEFAULT_MODEL,
    timeout: Annotated[float, typer.Option(min=1, help="Longest exam, in seconds.")] = 900,
    consent: Annotated[bool, typer.Option(help="Agree to the recording of the exam.")] = True,
) -> None:
    """Take a spoken exam aloud: join by invitation, listen, answer from a script, time waits."""
    console = Console(highlight=False, soft_wrap=True)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        answers = script.load(script_file)
    except ScriptError as error:
        errors.print(str(error), markup=False)
        raise typer.Exit(2) from error
    dialogue = Dialogue(console)
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Preparing the voice", total=None)

        def prepared(ready: int, wanted: int) -> None:
            bar.update(task, completed=ready, total=wanted)
            if ready == wanted:
                bar.stop()

        robot = Robot(
            link,
            answers,
            voice=voice.Voice(SpeechSettings(), model=model),
            manners=Manners(),
            timeout_s=timeout,
            consent_to_recording=consent,
            record=record,
            show=dialogue,
            progress=prepared,
        )
        result = asyncio.run(robot.take_exam())
    if report:
        result.write(report)
    dialogue.close(result)
    if not result.completed:
        errors.print(result.failure, style="red", markup=False)
        raise typer.Exit(1)


if __name__ == "__main__":
    app(prog_name="python -m robot_student")

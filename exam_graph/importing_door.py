"""`python -m exam_graph import FILE`: a paper out of CSV or Moodle XML."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from exam_graph.imported import Heading, Imported, ImportingError
from exam_graph.importing import import_file
from exam_graph.importing_ids import slug

_STYLES = {"left_out": "red", "to_complete": "red", "look_at": "yellow"}

app = typer.Typer()


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file, or Moodle XML.")],
    out: Annotated[Path, typer.Option(help="The folder the paper is written to.")] = Path("exams"),
    id_: Annotated[
        str | None, typer.Option("--id", help="The paper's id; else made of the file's name.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="Spoken in the greeting.")] = None,
    language: Annotated[str, typer.Option(help="en or de.")] = "en",
    minutes: Annotated[
        float | None, typer.Option(min=1, max=240, help="The exam's clock; else guessed.")
    ] = None,
    force: Annotated[bool, typer.Option(help="Write over a paper that is there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Make a paper of a file of questions (docs/importing.md), and say what could not be used.

    Exit 0 if every question is in the paper; 1 if some are left out or to be completed; 2 if
    nothing was written."""
    screen = Console(stderr=as_json, soft_wrap=True, highlight=False)
    if language not in ("en", "de"):
        raise typer.BadParameter("there are en and de", param_hint="--language")
    if id_ is not None and slug(id_) != id_:
        raise typer.BadParameter("small letters, digits and single hyphens", param_hint="--id")
    known = Heading(id_, title, "de" if language == "de" else "en", minutes)
    try:
        made = import_file(file, known)
        written = _write(made, out, force)
    except ImportingError as error:
        _refuse(screen, str(error), as_json)
    except OSError as error:
        _refuse(screen, f"{out}: the paper cannot be written: {error.strerror}", as_json)
    if as_json:
        typer.echo(json.dumps(_plain(made, written), ensure_ascii=False))
    _print(screen, made, written)
    if not made.whole:
        raise typer.Exit(1)


def _write(made: Imported, folder: Path, force: bool) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{made.paper_id}.yaml"
    try:
        with file.open("w" if force else "x", encoding="utf-8", newline="\n") as opened:
            opened.write(made.yaml)
    except FileExistsError:
        reason = "is there already; --force writes over it, --id gives the new one another name"
        raise ImportingError(str(file), 1, reason) from None
    return file


def _refuse(screen: Console, sentence: str, as_json: bool) -> NoReturn:
    screen.print(Text(sentence, style="red"))
    if as_json:
        typer.echo(json.dumps({"error": sentence}, ensure_ascii=False))
    raise typer.Exit(2)


def _print(screen: Console, made: Imported, file: Path) -> None:
    for note in made.notes:
        screen.print(Text(str(note), style=_STYLES[note.kind]))
    count = {kind: sum(note.kind == kind for note in made.notes) for kind in _STYLES}
    screen.print(
        Text(
            f"{file}: {made.questions} questions; left out or unknown: {count['left_out']}, "
            f"to be completed: {count['to_complete']}, to look at: {count['look_at']}"
        )
    )


def _plain(made: Imported, file: Path) -> dict[str, Any]:
    return {
        "file": str(file),
        "questions": made.questions,
        "notes": [asdict(note) for note in made.notes],
    }

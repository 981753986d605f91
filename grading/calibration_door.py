"""`python -m grading calibrate`: a human's marks beside the machine's."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from exam_graph.loading import PaperError, load
from exam_graph.paper import Paper
from grading.calibration_compared import Compared
from grading.calibration_reading import from_record
from grading.marked_file import MarkedError, MarkedFile, read_marked
from records.door import AsJson, opened, run, stop
from records.grading_store import GradingStore
from records.settings import Settings

app = typer.Typer()

Marked = Annotated[
    Path,
    typer.Argument(
        help="A human's marks as CSV: sitting, question, point (if any), marks.",
        metavar="MARKED.csv",
    ),
]
By = Annotated[
    str | None, typer.Option(help="The column whose groups are told apart, such as a language.")
]
Out = Annotated[
    Path | None, typer.Option(help="A folder for the report (JSON) and its plots (PNG, SVG).")
]


Grade = Annotated[
    bool, typer.Option("--grade", help="The file holds exam and answer: mark them on the spot.")
]
Papers = Annotated[
    list[Path] | None,
    typer.Option(help="With --grade: a paper to mark by, else the published one; several times."),
]


@app.command("calibrate")
def calibrate_(
    marked: Marked,
    by: By = None,
    out: Out = None,
    grade: Grade = False,
    paper: Papers = None,
    json_: AsJson = False,
) -> None:
    """Tell how far the machine's marks agree with a human's, and graders among themselves."""
    try:
        file = read_marked(marked, with_answers=grade)
        _check_group(file, by)
        compared = run(_graded(file, paper or []) if grade else _from_record(file))
    except MarkedError as error:
        stop(f"{marked} cannot be used:\n{error}")
    except PaperError as error:
        stop(str(error))
    _tell(compared, by.strip().casefold() if by else None, out, as_json=json_)


def _check_group(file: MarkedFile, by: str | None) -> None:
    if by is not None and by.strip().casefold() not in file.groups:
        there = ", ".join(file.groups) or "none"
        stop(f"The file has no group column {by!r}; it has: {there}.")


def _tell(compared: Sequence[Compared], by: str | None, out: Path | None, *, as_json: bool) -> None:
    # Statistics and plots are slow to load, and the service that marks has no use for them.
    from grading.calibration import calibrate
    from grading.calibration_print import print_report

    report = calibrate(compared, by)
    text = json.dumps(report.to_dict(), ensure_ascii=False, indent=2)
    written: list[Path] = []
    if out is not None:
        from grading.calibration_plots import draw

        written = draw(report, compared, out)
        out.mkdir(parents=True, exist_ok=True)
        written.append(out / "report.json")
        written[-1].write_text(text + "\n", encoding="utf-8")
    if as_json:
        typer.echo(text)
        return
    print_report(report, Console())
    for path in written:
        typer.echo(f"Written: {path}")


async def _from_record(file: MarkedFile) -> list[Compared]:
    settings = Settings()
    async with opened(settings) as records:
        store = await GradingStore.open(settings.database_url)
        try:
            return await from_record(file, records, store)
        finally:
            await store.close()


async def _graded(file: MarkedFile, paths: Sequence[Path]) -> list[Compared]:
    # Slow to load, and needed for this alone.
    from grading.calibration_grading import graded
    from grading.starting import settings_or_stop

    settings = settings_or_stop()
    papers = {paper.id: paper for paper in map(load, paths)}
    missing = {row.exam for row in file.rows} - papers.keys()
    if missing:
        async with opened(Settings()) as records:
            published = [await records.paper(exam) for exam in sorted(missing)]
        papers |= {one.exam_id: Paper.from_dict(one.content) for one in published if one}
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Marking", total=None)
        return await graded(
            file,
            papers,
            settings,
            lambda done, total: progress.update(task, completed=done, total=total),
        )

"""`python -m grading regrade|compare|adopt`: a cohort marked anew, and who would change by it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from exam_graph.loading import PaperError, load
from exam_graph.paper import Paper
from grading.regrading_key import misfits
from grading.regrading_print import print_comparison
from records.comparing import Comparison
from records.door import AsJson, run, stop
from records.errors import UnknownExam
from records.model import Sitting
from records.regrading import Adopted, Regrading
from records.settings import Settings

app = typer.Typer()

Exam = Annotated[str, typer.Argument(help="The exam's id.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether to go on.")]
By = Annotated[str, typer.Option(help="Who asks for it, as it is recorded.")]


@app.command()
def regrade(
    exam: Exam,
    paper: Annotated[
        Path | None, typer.Option(help="A corrected paper, whose key is used; else their own.")
    ] = None,
    by: By = "operator",
    yes: Yes = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be done.")
    ] = False,
) -> None:
    """Have all closed sittings of an exam marked anew. Their marks stay until `adopt`."""
    key = _key(paper) if paper else None
    fit, left = run(_fitting(exam, key))
    for sitting_id, reason in left.items():
        typer.echo(f"Left out: {sitting_id}: {reason}", err=True)
    if not fit:
        stop("There is nothing to mark anew.")
    by_what = f"the key in {paper}" if paper else "the key each was held with"
    typer.echo(f"{_sittings(len(fit))} of {exam} would be marked anew by {by_what}.")
    if dry_run:
        return
    if not yes:
        typer.confirm("Go on?", abort=True)
    asked = run(_ask(fit, by, key))
    typer.echo(f"Asked for {asked}. See who would change: python -m grading compare {exam}")


@app.command()
def compare(
    exam: Exam,
    from_: Annotated[
        int | None, typer.Option("--from", min=1, help="A version. [default: the marks that hold]")
    ] = None,
    to: Annotated[
        int | None, typer.Option(min=1, help="A version. [default: the newest regrading]")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A folder for a plot (PNG and SVG).")] = None,
    json_: AsJson = False,
) -> None:
    """Show who would change by a regrading: the biggest changes first."""
    comparison = run(_compare(exam, from_, to))
    if json_:
        typer.echo(json.dumps(as_json(comparison), ensure_ascii=False, indent=2))
    else:
        print_comparison(comparison, Console())
    if out is not None:
        # Slow to load, and seldom wanted.
        from grading.regrading_plot import draw

        for path in draw(comparison, out):
            typer.echo(f"Written: {path}", err=True)


@app.command()
def adopt(
    exam: Exam,
    sitting: Annotated[
        list[str] | None, typer.Option(help="Only this sitting; may be given more than once.")
    ] = None,
    by: By = "operator",
    yes: Yes = False,
) -> None:
    """Let the marks of the newest regrading hold. The old ones are kept."""
    comparison = run(_compare(exam, None, None))
    wanted = comparison.versions
    if sitting:
        if unknown := [name for name in sitting if name not in wanted]:
            stop(f"There is no regrading of: {', '.join(unknown)}.")
        wanted = {name: wanted[name] for name in sitting}
    if not wanted:
        stop("There is no regrading to adopt.")
    changed = [student for student in comparison.changed if student.sitting_id in wanted]
    seen = sum(student.released for student in changed)
    typer.echo(
        f"{_sittings(len(wanted))}, of which {len(changed)} would change; "
        f"{seen} of those have been released."
    )
    if not yes:
        typer.confirm("Go on?", abort=True)
    adopted = run(_adopt(wanted, by))
    for sitting_id, reason in adopted.left.items():
        typer.echo(f"Left as it was: {sitting_id}: {reason}", err=True)
    typer.echo(f"Adopted for {_sittings(len(adopted.taken))}.")


def as_json(comparison: Comparison) -> dict[str, object]:
    """Plain values, with what follows from them."""
    changed = [student.sitting_id for student in comparison.changed]
    released = [student.sitting_id for student in comparison.released]
    return {**asdict(comparison), "changed": changed, "released": released}


def _key(path: Path) -> Paper:
    try:
        return load(path)
    except PaperError as error:
        stop(str(error))


def _sittings(count: int) -> str:
    return f"{count} sitting{'' if count == 1 else 's'}"


async def _fitting(exam_id: str, key: Paper | None) -> tuple[list[str], dict[str, str]]:
    """The closed sittings that the key can mark, and the others with the reason."""
    async with _opened() as regrading:
        closed = await regrading.closed(exam_id)
    if not closed:
        raise UnknownExam(f"No sitting of an exam {exam_id!r} is over.")
    left = {} if key is None else await asyncio.to_thread(_misfitting, closed, key)
    return [each.id for each in closed if each.id not in left], left


def _misfitting(closed: Sequence[Sitting], key: Paper) -> dict[str, str]:
    # Most were held with one and the same paper.
    reasons: dict[str, str] = {}
    left = {}
    for each in closed:
        if each.paper_hash not in reasons:
            found = misfits(Paper.from_dict(each.paper), key)
            reasons[each.paper_hash] = "; ".join(sorted(found))
        if reasons[each.paper_hash]:
            left[each.id] = reasons[each.paper_hash]
    return left


async def _ask(sitting_ids: Sequence[str], by: str, key: Paper | None) -> int:
    async with _opened() as regrading:
        return await regrading.ask(sitting_ids, by=by, paper=key.to_dict() if key else None)


async def _compare(exam_id: str, before: int | None, after: int | None) -> Comparison:
    async with _opened() as regrading:
        return await regrading.compare(exam_id, before=before, after=after)


async def _adopt(wanted: dict[str, int], by: str) -> Adopted:
    async with _opened() as regrading:
        return await regrading.adopt(wanted, by)


@asynccontextmanager
async def _opened() -> AsyncIterator[Regrading]:
    regrading = await Regrading.open(Settings().database_url)
    try:
        yield regrading
    finally:
        await regrading.close()

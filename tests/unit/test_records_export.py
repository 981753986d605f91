"""Results as CSV, JSON and a workbook: the same in each, and nothing that a spreadsheet runs."""

import asyncio
import csv
import io
import json
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from bench.school import EXAM, School, build
from records import schema
from records.__main__ import app
from records.engine import open_engine, reading, writing
from records.export_results import PAGE, Result, read_results
from records.exporting import Format, export
from records.formulas import defused

pytestmark = pytest.mark.unit

SIZE = PAGE + 10
EVIL = "=cmd|' /C calc'!A0"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('school') / 'voxam.db'}"
    build(url, School(sittings=SIZE, questions=3, turns=3, provisional=True))
    return url


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(url)
    yield engine
    await engine.dispose()


async def exported(engine: AsyncEngine, format_: Format, exam_id: str = EXAM) -> bytes:
    pages = read_results(lambda: reading(engine), exam_id)
    return b"".join([piece async for piece in export(pages, exam_id, format_)])


async def table(engine: AsyncEngine) -> list[dict[str, str]]:
    text = (await exported(engine, "csv")).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_every_question_of_every_sitting_is_there_once(engine: AsyncEngine) -> None:
    rows = await table(engine)
    keys = [(row["sitting"], row["question"]) for row in rows]
    assert len(keys) == len(set(keys)) == SIZE * 3
    assert [row["user_id"] for row in rows[::3]] == [f"student-{n:04}" for n in range(SIZE)]


async def test_marks_words_and_provenance_are_on_each_row(engine: AsyncEngine) -> None:
    rows = await table(engine)
    changed = [row for row in rows if row["overridden"] == "yes"]
    assert changed
    for row in changed:
        assert (row["marks"], row["override_by"], row["provisional"]) == ("3", "miller", "no")
        assert row["override_reason"] == "'=She said it in other words, in the third turn"
        assert row["override_at"].endswith("+00:00")
    plain = [row for row in rows if row["overridden"] == "no" and row["graded"] == "yes"]
    assert all(
        row["marks"] == row["original_marks"] and row["provisional"] == "yes" for row in plain
    )
    unmarked = [row for row in rows if row["graded"] == "no"]
    assert unmarked and all(row["marks"] == row["original_marks"] == "" for row in unmarked)
    assert all(row["sitting_marks"] == "" for row in unmarked)
    for row in rows:
        assert row["chain_head"] == row["sitting"] * 2 and row["chain_links"] == "1"
        assert row["costs"] == "0.0610 USD" and row["state"] == "finished"


async def test_the_three_formats_say_the_same(engine: AsyncEngine) -> None:
    rows = await table(engine)
    told = json.loads(await exported(engine, "json"))
    assert told["exam_id"] == EXAM and len(told["results"]) == SIZE
    assert [
        (each["sitting"], question["question"], question["marks"])
        for each in told["results"]
        for question in each["questions"]
    ] == [
        (row["sitting"], row["question"], float(row["marks"]) if row["marks"] else None)
        for row in rows
    ]
    book = load_workbook(io.BytesIO(await exported(engine, "xlsx")))
    marks = list(book["Marks"].iter_rows(values_only=True))
    columns: dict[str, int] = {str(name): place for place, name in enumerate(marks[0])}
    assert [row[columns["marks"]] for row in marks[1:]] == [
        float(row["marks"]) if row["marks"] else None for row in rows
    ]
    totals = list(book["Results"].iter_rows(values_only=True))
    assert len(totals) == SIZE + 1
    place = [str(name) for name in totals[0]].index("marks")
    assert [row[place] for row in totals[1:]] == [each["marks"] for each in told["results"]]


async def test_a_sitting_without_marks_has_a_row_and_no_nought(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'voxam.db'}"
    build(url, School(sittings=1, questions=2, turns=1))
    engine = open_engine(url)
    async with writing(engine) as connection:
        for gone in (schema.overrides, schema.marks, schema.gradings, schema.links, schema.costs):
            await connection.execute(delete(gone))
        await connection.execute(update(schema.sittings).values(user_id=EVIL))
    (row,) = await table(engine)
    assert (row["marks"], row["sitting_marks"], row["graded"], row["chain_head"]) == (
        "",
        "",
        "no",
        "",
    )
    assert row["user_id"] == f"'{EVIL}"
    (told,) = json.loads(await exported(engine, "json"))["results"]
    assert (told["user_id"], told["marks"], told["questions"]) == (EVIL, None, [])
    book = load_workbook(io.BytesIO(await exported(engine, "xlsx")))
    for sheet in book:
        cell = sheet["B2"]
        assert (cell.value, cell.data_type, cell.quotePrefix) == (EVIL, "s", True)
    await engine.dispose()


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1", "＝1", "\0=1"]
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize("value", ["ann", "a=b", "", "2 - 1", 3, -3.5, None, True])
def test_everything_else_stays_as_it_is(value: Any) -> None:
    assert defused(value) is value


async def test_memory_does_not_grow_with_the_school(tmp_path: Path) -> None:
    """Three times the sittings, and not even half as much more at once."""
    peaks = []
    for size in (100, 300):
        url = f"sqlite:///{tmp_path / f'{size}.db'}"
        build(url, School(sittings=size, questions=3, turns=1))
        engine = open_engine(url)
        written = 0
        tracemalloc.start()
        async for piece in export(read_results(lambda e=engine: reading(e), EXAM), EXAM, "csv"):
            written += len(piece)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert written > size * 500
        await engine.dispose()
    assert peaks[1] < 1.5 * peaks[0]


def _left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_a_workbook_that_nobody_waits_for_leaves_nothing_behind(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first = asyncio.Event()

    async def pages() -> AsyncIterator[list[Result]]:
        async for page in read_results(lambda: reading(engine), EXAM):
            yield page
            assert len(_left_in(tmp_path)) == 2
            first.set()
            await asyncio.Event().wait()

    work = asyncio.create_task(anext(export(pages(), EXAM, "xlsx")))
    await first.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert _left_in(tmp_path) == []


def test_the_door_writes_a_file_for_its_owner(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    out = tmp_path / "results.xlsx"
    words = ["export", EXAM, "--format", "xlsx", "--out", str(out)]
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.stderr) == (0, f"{SIZE} sittings of {EXAM}.\n")
    assert out.stat().st_mode & 0o777 == 0o600
    assert len(list(load_workbook(out)["Results"].iter_rows())) == SIZE + 1
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 1 and "is there already" in again.stderr
    assert CliRunner().invoke(app, ["export", "none"]).exit_code == 1
    wrong = CliRunner().invoke(app, ["export", EXAM, "--format", "pdf"])
    assert wrong.exit_code == 1 and "There is no format 'pdf'" in wrong.stderr
    shown = CliRunner().invoke(app, ["export", EXAM])
    assert shown.stdout_bytes.startswith(b"\xef\xbb\xbfsitting,user_id,")

"""Writes results as CSV, JSON or a workbook, page by page: nothing holds all of them at once."""

import asyncio
import csv
import io
import json
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from records.export_results import Result
from records.export_rows import COLUMNS, TOTAL_COLUMNS, as_json, rows, total_row
from records.formulas import defused

if TYPE_CHECKING:
    from records.export_workbook import Book

Format = Literal["csv", "json", "xlsx"]
FORMATS: dict[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_CHUNK = 64 * 1024

Pages = AsyncIterator[list[Result]]


def export(pages: Pages, exam_id: str, format_: Format) -> AsyncGenerator[bytes, None]:
    """The file, in pieces."""
    match format_:
        case "csv":
            return _csv(pages)
        case "json":
            return _json(pages, exam_id)
        case "xlsx":
            return _xlsx(pages)


async def _csv(pages: Pages) -> AsyncGenerator[bytes, None]:
    # Excel takes a file without this mark for Windows-1252.
    yield b"\xef\xbb\xbf" + _lines([list(COLUMNS)])
    async for page in pages:
        yield _lines([[defused(cell) for cell in row] for result in page for row in rows(result)])


def _lines(cells: list[list[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([_plain(cell) for cell in row] for row in cells)
    return text.getvalue().encode("utf-8", "replace")


def _plain(cell: Any) -> Any:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return f"{cell:g}" if isinstance(cell, float) else cell


async def _json(pages: Pages, exam_id: str) -> AsyncGenerator[bytes, None]:
    head = {"exam_id": exam_id, "exported_at": datetime.now(UTC).isoformat(timespec="seconds")}
    yield json.dumps(head)[:-1].encode() + b', "results": ['
    between = b"\n"
    async for page in pages:
        for result in page:
            yield between + json.dumps(as_json(result), ensure_ascii=False).encode()
            between = b",\n"
    yield b"\n]}\n"


async def _xlsx(pages: Pages) -> AsyncGenerator[bytes, None]:
    """A workbook can be sent only once it is whole; it waits on the disk."""
    # Only here, since reading the library takes longer than most commands.
    from records.export_workbook import Book

    book = Book({"Results": TOTAL_COLUMNS, "Marks": COLUMNS})
    try:
        async for page in pages:
            await asyncio.to_thread(_fill, book, page)
        with tempfile.TemporaryFile() as file:
            await asyncio.to_thread(book.save, file)
            file.seek(0)
            while chunk := await asyncio.to_thread(file.read, _CHUNK):
                yield chunk
    finally:
        # Whoever asked for it may be gone before it is whole.
        book.discard()


def _fill(book: "Book", page: list[Result]) -> None:
    for result in page:
        book.add("Results", total_row(result))
        for row in rows(result):
            book.add("Marks", row)

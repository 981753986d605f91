"""Reads questions out of a CSV file, one a row, whatever a spreadsheet wrote it with."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from exam_graph.imported import Draft, Remark
from exam_graph.importing_cells import CellError, as_choice, as_number, as_open, as_short

COLUMNS = (
    "id",
    "kind",
    "ask",
    "say",
    "clarify",
    "think_seconds",
    "marks",
    "points",
    "options",
    "correct",
    "value",
    "tolerance",
    "unit",
    "follow_ups",
    "model_answer",
    "hints",
)
_DELIMITERS = ",;\t|"
_PLAIN = ("say", "clarify", "model_answer")
#: A cell may hold as much as the longest list of points, and not a whole file.
_LONGEST_CELL = 100_000


class TableError(Exception):
    """`line`, and a reason that ends a sentence."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def read(data: bytes, language: str) -> Iterator[Draft | Remark]:
    """The questions in their order. Raises TableError."""
    text = decode(data)
    rows = table(text)
    header_line, header = next(rows, (1, []))
    names = [name.strip().lower().replace(" ", "_") for name in header]
    if "ask" not in names:
        raise TableError(
            header_line,
            "the first row has to name the columns, `ask` among them (docs/importing.md)",
        )
    yield from _unknown(header_line, names)
    for line, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
            reason = f"it has {len(cells)} cells, and there are {len(names)} columns"
            yield Remark(
                line, "left_out", _name(cells), f"{reason}: put text with commas in quotes"
            )
            continue
        given = {
            name: cell.strip()
            for name, cell in zip(names, cells, strict=False)
            if name in COLUMNS and cell.strip()
        }
        try:
            yield from _drafted(line, given)
        except CellError as fault:
            yield Remark(line, "left_out", given.get("ask") or _name(cells), str(fault))


def decode(data: bytes) -> str:
    """UTF-8, or what else spreadsheets write. Raises TableError."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
    raise TableError(line, "it is neither UTF-8 nor Windows-1252 text: save it as CSV UTF-8")


def table(text: str, known: tuple[str, ...] = COLUMNS) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line it begins on. Raises TableError."""
    if text.lower().startswith("sep="):
        # Excel writes its delimiter so, on a line of its own.
        first, _, rest = text.partition("\n")
        text, delimiter, skipped = rest, first[4:5] or ",", 1
    else:
        delimiter, skipped = _delimiter(text, known), 0
    limit = csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    began = skipped + 1
    try:
        for cells in reader:
            yield began, cells
            began = skipped + reader.line_num + 1
    except csv.Error as error:
        raise TableError(began, f"its cells cannot be told apart: {error}") from None
    finally:
        csv.field_size_limit(limit)


def _delimiter(text: str, known: tuple[str, ...]) -> str:
    """What parts the first line into the most columns that are known."""
    first = next((line for line in text.splitlines()[:20] if line.strip()), "")

    def names(delimiter: str) -> int:
        cells = (cell.strip(' "').lower().replace(" ", "_") for cell in first.split(delimiter))
        return sum(cell in known for cell in cells)

    return max(_DELIMITERS, key=names)


def _unknown(line: int, names: list[str]) -> Iterator[Remark]:
    for name in names:
        if name and name not in COLUMNS:
            reason = f"there is no such column; there are {', '.join(COLUMNS)}"
            yield Remark(line, "left_out", name, reason)
    for name in dict.fromkeys(each for each in names if each and names.count(each) > 1):
        raise TableError(line, f"the column `{name}` is there twice")


def _drafted(line: int, given: dict[str, str]) -> Iterator[Draft | Remark]:
    if "ask" not in given:
        raise CellError("its `ask` is empty")
    content: dict[str, Any] = {"ask": given["ask"]}
    content |= {name: given[name] for name in _PLAIN if name in given}
    if "think_seconds" in given:
        content["think_seconds"] = as_number(given["think_seconds"], "think_seconds")
    if "hints" in given:
        content["hints"] = [each.strip() for each in given["hints"].split(";") if each.strip()]
    marks = as_number(given["marks"], "marks") if "marks" in given else None
    kind = given.get("kind", "").lower() or _kind(given)
    to_complete = None
    match kind:
        case "open":
            more, to_complete = as_open(given, marks)
        case "choice":
            more = as_choice(given, marks)
        case "short":
            more = as_short(given, marks)
        case _:
            raise CellError(f"its `kind` is “{kind[:40]}”; there are open, choice and short")
    name = given.get("id") or given["ask"]
    yield Draft(line, name, {"id": name, "kind": kind} | content | more, to_complete)
    belongs = {"open": ("points", "follow_ups"), "choice": ("options", "correct")}
    own = belongs.get(kind, ("value", "tolerance", "unit"))
    for column in ("points", "follow_ups", "options", "correct", "value", "tolerance", "unit"):
        if column in given and column not in own:
            yield Remark(
                line, "look_at", name, f"its `{column}` does not belong to {kind} questions"
            )


def _kind(given: dict[str, str]) -> str:
    if "options" in given:
        return "choice"
    return "short" if "value" in given else "open"


def _name(cells: list[str]) -> str:
    return next((cell.strip() for cell in cells if cell.strip()), "")

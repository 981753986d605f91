"""Reads a human's marks from a CSV file, with line and field for whatever is wrong with it.

Exception
└── MarkedError      holds every Problem found
"""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Columns with a meaning of their own; `marks_…` are further markers, all others groups.
_OF_RECORD = ("sitting", "question")
_OF_ANSWER = ("exam", "question", "answer")
_KNOWN = ("sitting", "exam", "question", "point", "answer", "value", "marks")
_FURTHER = "marks_"
_MOST_PROBLEMS = 50


@dataclass(frozen=True)
class Problem:
    """One thing to correct; `field` is the column, "" for the whole line or file."""

    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"line {self.line}: {where}{self.reason}"


class MarkedError(Exception):
    """A file that cannot be used, with everything that is wrong with it, in the file's order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems[:_MOST_PROBLEMS]))
        self.problems = list(problems)


@dataclass(frozen=True)
class MarkedRow:
    """A line. `marks` None: this marker gave none. `further`: the marks of other humans by their
    name; `groups`: all columns without a meaning of their own."""

    line: int
    sitting: str
    exam: str
    question: str
    point: str
    answer: str
    value: str
    marks: float | None
    further: Mapping[str, float | None]
    groups: Mapping[str, str]


@dataclass(frozen=True)
class MarkedFile:
    rows: list[MarkedRow]
    markers: list[str]
    groups: list[str]


def read_marked(path: Path, *, with_answers: bool = False) -> MarkedFile:
    """Raises MarkedError; `with_answers`: each line holds an answer that is to be marked."""
    lines = _lines(path)
    names = [name.strip().casefold() for name in lines[0][1]]
    needed = (*(_OF_ANSWER if with_answers else _OF_RECORD), "marks")
    problems = list(_wrong_columns(names, needed))
    if problems:
        raise MarkedError(problems)
    rows = []
    for number, cells in lines[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            told = f"has {len(cells)} fields, but the first line has {len(names)}"
            problems.append(Problem(number, "", told))
            continue
        row = dict(zip(names, (cell.strip() for cell in cells), strict=True))
        problems += _wrong_cells(number, row, needed)
        rows.append(_row(number, row))
    problems += _twice(rows, with_answers)
    if not rows and not problems:
        problems.append(Problem(1, "", "no marks follow after the first line"))
    if problems:
        raise MarkedError(sorted(problems, key=lambda problem: problem.line))
    further = [name for name in names if name.startswith(_FURTHER)]
    groups = [name for name in names if name not in _KNOWN and name not in further]
    return MarkedFile(rows, [name.removeprefix(_FURTHER) for name in further], groups)


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Each record with the line it begins on."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise MarkedError([Problem(1, "", "is not UTF-8: save it as “CSV UTF-8”")]) from None
    except OSError as error:
        told = f"cannot be read: {error.strerror or error}"
        raise MarkedError([Problem(1, "", told)]) from None
    if not text.strip():
        raise MarkedError([Problem(1, "", "the file is empty")])
    first = text.lstrip("\r\n").splitlines()[0]
    # The first line holds names only: a guess from the whole file would trip over prose.
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    lines: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            if cells or lines:
                lines.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise MarkedError([Problem(begins, "", f"is not CSV: {error}")]) from None
    return lines


def _wrong_columns(names: Sequence[str], needed: Sequence[str]) -> Iterator[Problem]:
    for name in needed:
        if name not in names:
            yield Problem(1, name, f"there is no such column; there are: {', '.join(names)}")
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Problem(1, name, "is there more than once")


def _wrong_cells(line: int, row: Mapping[str, str], needed: Sequence[str]) -> Iterator[Problem]:
    for name in needed:
        # No answer, and no mark, may be what happened.
        if name not in ("answer", "marks") and not row[name]:
            yield Problem(line, name, "is missing")
    for name in row:
        if name == "marks" or name.startswith(_FURTHER):
            given = _number(row[name])
            if row[name] and given is None:
                yield Problem(line, name, f"“{row[name][:20]}” is not a number")
            elif given is not None and given < 0:
                yield Problem(line, name, "is less than 0")


def _row(line: int, row: Mapping[str, str]) -> MarkedRow:
    further = {
        name.removeprefix(_FURTHER): _number(row[name]) for name in row if name.startswith(_FURTHER)
    }
    groups = {
        name: row[name] for name in row if name not in _KNOWN and not name.startswith(_FURTHER)
    }
    known = {name: row.get(name, "") for name in _KNOWN if name != "marks"}
    return MarkedRow(line, **known, marks=_number(row["marks"]), further=further, groups=groups)


def _twice(rows: Sequence[MarkedRow], with_answers: bool) -> Iterator[Problem]:
    seen: dict[tuple[str, str, str], int] = {}
    for row in rows:
        # Answers without a sitting may well be alike.
        if with_answers and not row.sitting:
            continue
        first = seen.setdefault((row.sitting, row.question, row.point), row.line)
        if first != row.line:
            yield Problem(row.line, "", f"line {first} is of the same sitting, question and point")


def _number(text: str) -> float | None:
    """Also with a decimal comma. None: not a number."""
    try:
        number = float(text.replace(",", ".")) if text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None

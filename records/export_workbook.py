"""An Excel workbook that is written row by row. Text stays text, whatever it begins with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

_WIDTH = 16
_LONGEST = 32_767


class Book:
    """Sheets by name, each with its columns as the first row, which stays in sight."""

    def __init__(self, sheets: Mapping[str, Sequence[str]]) -> None:
        self._book = Workbook(write_only=True)
        self._sheets: dict[str, WriteOnlyWorksheet] = {}
        for name, columns in sheets.items():
            sheet = self._book.create_sheet(name)
            sheet.freeze_panes = "A2"
            for number in range(1, len(columns) + 1):
                sheet.column_dimensions[get_column_letter(number)].width = _WIDTH
            sheet.append([self._head(sheet, column) for column in columns])
            self._sheets[name] = sheet

    def add(self, sheet: str, row: Sequence[Any]) -> None:
        to = self._sheets[sheet]
        to.append([_cell(to, value) for value in row])

    def save(self, file: BinaryIO) -> None:
        """Nothing can be added any more."""
        self._book.save(file)
        self._sheets.clear()

    def discard(self) -> None:
        """Remove what waits on the disk; without effect once the book is saved."""
        for sheet in self._sheets.values():
            sheet.close()
            sheet._writer.cleanup()  # type: ignore[attr-defined]
        self._sheets.clear()

    @staticmethod
    def _head(sheet: WriteOnlyWorksheet, column: str) -> Cell:
        cell = WriteOnlyCell(sheet, column)
        cell.font = Font(bold=True)
        return cell


def _cell(sheet: WriteOnlyWorksheet, value: Any) -> Any:
    if isinstance(value, datetime):
        # Excel knows no time zones; the times are UTC, as in the other formats.
        return value.replace(tzinfo=None)
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST])
    # Else what begins with “=” would be a formula, and become one when somebody edits the cell.
    cell.data_type = "s"
    if value[:1] in "=+-@":
        cell.quotePrefix = True
    return cell

"""Reads a class out of a CSV file: who is to be invited, and how. All of it, or what is wrong."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from records.naming import USER_ID, USER_ID_RULE
from records.profile import Profile
from records.profile_options import read_profile

MAX_BYTES = 1024 * 1024
MAX_STUDENTS = 2000
MAX_ATTEMPTS = 20
_LONGEST = timedelta(days=3650)
_OWN = ("user_id", "attempts", "expires")
COLUMNS = (*_OWN, *Profile.model_fields)
_OTHER_NAMES = {"user": "user_id", "student": "user_id", "email": "user_id", "e-mail": "user_id"}
_YES_NO = {"yes": "true", "no": "false", "ja": "true", "nein": "false"}


@dataclass(frozen=True)
class Invited:
    """One line of the list."""

    line: int
    user_id: str
    attempts: int
    expires_at: datetime
    profile: dict[str, Any]


@dataclass(frozen=True)
class Wrong:
    """Something to correct in the list."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


@dataclass(frozen=True)
class ClassList:
    """Whom to invite, if nothing is wrong."""

    students: list[Invited]
    wrong: list[Wrong]


class _ListError(ValueError):
    pass


def read_class(data: bytes, now: datetime, default_days: float = 7) -> ClassList:
    """`default_days`: how long a link lets a student in where the list does not say."""
    try:
        rows = _table(_decode(data))
        names = _names(rows[0][1])
    except _ListError as fault:
        return ClassList([], [Wrong(1, str(fault))])
    if len(rows) - 1 > MAX_STUDENTS:
        return ClassList([], [Wrong(rows[MAX_STUDENTS][0], f"there are more than {MAX_STUDENTS}")])
    students: list[Invited] = []
    wrong: list[Wrong] = []
    seen: dict[str, int] = {}
    for line, cells in rows[1:]:
        try:
            student = _student(line, _given(names, cells), now, default_days)
            if (first := seen.setdefault(student.user_id, line)) != line:
                raise _ListError(f"{student.user_id} is there twice (line {first} too)")
        except _ListError as fault:
            wrong.append(Wrong(line, str(fault)))
        else:
            students.append(student)
    if not students and not wrong:
        wrong.append(Wrong(1, "the list names nobody"))
    return ClassList(students, wrong)


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _ListError(f"the file has more than {MAX_BYTES // 1024} KB")
    is_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if is_utf16 else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _ListError("the file is neither UTF-8 nor Windows-1252 text: save it as CSV UTF-8")


def _table(text: str) -> list[tuple[int, list[str]]]:
    """Rows that are not empty, each with the line it begins on."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, began = [], 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((began, [cell.strip() for cell in cells]))
            began = reader.line_num + 1
    except csv.Error as error:
        raise _ListError(f"the cells of line {began} cannot be told apart: {error}") from None
    if not rows:
        raise _ListError("the file is empty")
    return rows


def _names(header: list[str]) -> list[str]:
    lower = [name.lower().replace(" ", "_") for name in header]
    names = [_OTHER_NAMES.get(name, name) for name in lower]
    if "user_id" not in names:
        raise _ListError("the first line has to name the columns, `user_id` among them")
    for name in names:
        if name and name not in COLUMNS:
            raise _ListError(f"there is no column {name[:40]!r}; there are {', '.join(COLUMNS)}")
        if name and names.count(name) > 1:
            raise _ListError(f"the column {name!r} is there twice")
    return names


def _given(names: list[str], cells: list[str]) -> Mapping[str, str]:
    if any(cells[len(names) :]):
        raise _ListError(f"there are {len(cells)} cells for {len(names)} columns")
    return {name: cell for name, cell in zip(names, cells, strict=False) if name and cell}


def _student(line: int, given: Mapping[str, str], now: datetime, default_days: float) -> Invited:
    user_id = given.get("user_id", "")
    if not USER_ID.fullmatch(user_id):
        raise _ListError(f"{user_id[:40]!r} names no student: {USER_ID_RULE}")
    attempts = given.get("attempts", "1")
    if (
        not attempts.isascii()
        or not attempts.isdigit()
        or not 1 <= int(attempts[:9]) <= MAX_ATTEMPTS
    ):
        raise _ListError(f"attempts is {attempts[:40]!r}; it has to be from 1 to {MAX_ATTEMPTS}")
    options = [
        f"{name}={_YES_NO.get(value.lower(), value)}"
        for name, value in given.items()
        if name not in _OWN
    ]
    try:
        profile = read_profile(options).as_given()
    except ValueError as error:
        raise _ListError(str(error).removeprefix("--profile ").rstrip(".")) from None
    return Invited(line, user_id, int(attempts), _expires(given, now, default_days), profile)


def _expires(given: Mapping[str, str], now: datetime, default_days: float) -> datetime:
    """To the end of a day, where only that is given; in UTC, where no zone is."""
    text = given.get("expires")
    if text is None:
        return (now + timedelta(days=default_days)).replace(microsecond=0)
    try:
        if len(text) <= 10:
            at = datetime.combine(date.fromisoformat(text), time(23, 59, 59), UTC)
        else:
            at = datetime.fromisoformat(text)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _ListError(
            f"expires is {text[:40]!r}; write it as 2026-06-30 or 2026-06-30T18:00"
        ) from None
    if not now < at <= now + _LONGEST:
        raise _ListError(f"expires is {text}, which is past, or more than ten years away")
    return at.replace(microsecond=0)

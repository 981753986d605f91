"""What the databases' drivers raise, as errors of this room, and without the rows they quote."""

import json
import sqlite3

from sqlalchemy.exc import DBAPIError

from records.errors import RecordsDamaged, RecordsUnavailable

_DAMAGE_SQLITE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
# data_corrupted, index_corrupted
_DAMAGE_POSTGRES = ("XX001", "XX002")


def failure(error: Exception) -> RecordsUnavailable:
    """What the failing of either driver comes to."""
    forget_row(error)
    cause = _cause(error)
    reason = str(cause) or "it does not answer"
    if isinstance(cause, json.JSONDecodeError) or _is_damage(cause):
        return RecordsDamaged(
            f"The database is damaged: {reason}. The exams in it cannot go on: "
            "put a backup in its place, see python -m records restore --help"
        )
    return RecordsUnavailable(f"The database cannot be used: {reason}")


def forget_row(error: Exception) -> None:
    """Take out of the error what Postgres quotes of a row: it will be logged."""
    cause = _cause(error)
    if (primary := getattr(getattr(cause, "diag", None), "message_primary", None)) is not None:
        cause.args = (primary,)
        if cause is not error:
            error.args = (f"({type(cause).__name__}) {primary}",)


def _cause(error: Exception) -> BaseException:
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error


def _is_damage(cause: BaseException) -> bool:
    code = getattr(cause, "sqlite_errorcode", None) or 0
    return code & 0xFF in _DAMAGE_SQLITE or getattr(cause, "sqlstate", None) in _DAMAGE_POSTGRES

"""The time between two columns, in whole milliseconds, on either database."""

from typing import Any

from sqlalchemy import ColumnElement, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class elapsed_ms(FunctionElement[int]):  # noqa: N801  (used like a function of SQL)
    """`elapsed_ms(begin, end)`."""

    name = "elapsed_ms"
    type = Integer()
    inherit_cache = True

    def __init__(self, begin: ColumnElement[Any], end: ColumnElement[Any]) -> None:
        super().__init__(begin, end)


@compiles(elapsed_ms, "sqlite")
def _sqlite(element: elapsed_ms, compiler: SQLCompiler, **options: Any) -> str:
    begin, end = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(ROUND((julianday({end}) - julianday({begin})) * 86400000) AS INTEGER)"


@compiles(elapsed_ms, "postgresql")
def _postgres(element: elapsed_ms, compiler: SQLCompiler, **options: Any) -> str:
    begin, end = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(ROUND(EXTRACT(EPOCH FROM ({end} - {begin})) * 1000) AS INTEGER)"

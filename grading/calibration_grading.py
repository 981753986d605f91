"""Marks answers that stand in a file, on the spot: nothing of it is kept in the record."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence

from langgraph.checkpoint.memory import InMemorySaver

from exam_graph.paper import Paper, Question
from grading.addressing import addresses
from grading.asking import Models
from grading.calibration_compared import Compared, Machine, compare_rows
from grading.graph import GradingContext, GradingGraph, build_graph, grade
from grading.marked_file import MarkedError, MarkedFile, MarkedRow, Problem
from grading.settings import Settings
from grading.sheet import Line, Sheet
from records.marking import Mark

#: Answers under way side by side; each model has a limit of its own besides.
_AT_ONCE = 8

#: What makes two lines one answer: the points of an answer may stand on lines of their own.
_Answer = tuple[str, str, str, str, str]


async def graded(
    marked: MarkedFile,
    papers: Mapping[str, Paper],
    settings: Settings,
    told: Callable[[int, int], None] = lambda *_: None,
) -> list[Compared]:
    """`papers` by exam; `told`: after each answer, how many are marked, of how many.

    Raises MarkedError, before any model is asked, for lines that do not fit their paper.
    """
    _check(marked.rows, papers)
    sheets = {_answer(row): _sheet(row, papers[row.exam]) for row in marked.rows}
    marks: dict[_Answer, Mark] = {}
    places = asyncio.Semaphore(_AT_ONCE)
    graph = build_graph(InMemorySaver())
    async with Models(settings) as models:

        async def one(number: int, answer: _Answer, sheet: Sheet) -> None:
            async with places:
                marks[answer] = await _mark(graph, settings, models, sheet, str(number))
            told(len(marks), len(sheets))

        async with asyncio.TaskGroup() as group:
            for number, (answer, sheet) in enumerate(sheets.items()):
                group.create_task(one(number, answer, sheet))
    return compare_rows(
        marked.rows, lambda row: _machine(row, papers[row.exam], marks.get(_answer(row)))
    )


async def _mark(
    graph: GradingGraph, settings: Settings, models: Models, sheet: Sheet, thread: str
) -> Mark:
    """Waits as long as a server asks it to; in the end what could not be marked is ungraded."""
    tried = 0
    while True:
        tried += 1
        context = GradingContext([sheet], settings, models.ask, tried)
        outcome = await grade(graph, context, thread)
        if outcome.marks is not None:
            return outcome.marks[0]
        await asyncio.sleep(max(outcome.until - time.time(), 1.0))


def _check(rows: Sequence[MarkedRow], papers: Mapping[str, Paper]) -> None:
    problems = [
        Problem(row.line, "exam", f"there is no paper of exam {row.exam!r}")
        for row in rows
        if row.exam not in papers
    ]
    problems += [
        Problem(row.line, "sitting", "is missing: it tells whose the marks of points are")
        for row in rows
        if row.point and not row.sitting
    ]
    if problems:
        raise MarkedError(problems)
    # The rest is checked as it will be compared, only without marks.
    compare_rows(rows, lambda row: _machine(row, papers[row.exam], None))


def _machine(row: MarkedRow, paper: Paper, mark: Mark | None) -> Machine:
    whose = row.sitting or f"line {row.line}"
    marks = None if mark is None else {row.question: mark}
    return Machine(whose, row.exam, paper.to_dict(), marks)


def _answer(row: MarkedRow) -> _Answer:
    return (row.sitting, row.exam, row.question, row.answer, row.value)


def _sheet(row: MarkedRow, paper: Paper) -> Sheet:
    question: Question = paper.question(row.question)
    spans = tuple(addresses(row.answer, paper.language))
    return Sheet(
        question=question,
        position=0,
        language=paper.language,
        status="answered" if row.answer or row.value else "unanswered",
        value=row.value or None,
        lines=(Line(0, "student", row.answer, spans=spans),) if row.answer else (),
        flags=frozenset(),
        paper_hash=paper.content_hash,
    )

"""Finds the machine's marks of what a human marked: those that hold, before any override."""

from grading.calibration_compared import Compared, Machine, compare_rows
from grading.marked_file import MarkedError, MarkedFile, MarkedRow, Problem
from records.grading_store import GradingStore
from records.store import Records


async def from_record(marked: MarkedFile, records: Records, store: GradingStore) -> list[Compared]:
    """Raises MarkedError for lines that the record knows nothing of."""
    machines: dict[str, Machine | None] = {}
    for name in dict.fromkeys(row.sitting for row in marked.rows):
        machines[name] = await _machine(name, records, store)
    return compare_rows(marked.rows, lambda row: _in_record(row, machines[row.sitting]))


async def _machine(name: str, records: Records, store: GradingStore) -> Machine | None:
    found = await records.sittings_like(name)
    if len(found) != 1:
        return None
    (sitting,) = found
    current = [each for each in await store.gradings(sitting.id) if each.current]
    if not current:
        return Machine(sitting.id, sitting.exam_id, sitting.paper, None)
    paper = current[-1].paper or sitting.paper
    marks = {mark.question_id: mark for mark in await store.marks(current[-1].id)}
    return Machine(sitting.id, sitting.exam_id, paper, marks)


def _in_record(row: MarkedRow, machine: Machine | None) -> Machine:
    if machine is None:
        told = f"there is no sitting {row.sitting!r}, or more than one begins so"
        raise MarkedError([Problem(row.line, "sitting", told)])
    if machine.marks is not None and row.question not in machine.marks:
        told = f"the sitting has no question {row.question!r}"
        raise MarkedError([Problem(row.line, "question", told)])
    return machine

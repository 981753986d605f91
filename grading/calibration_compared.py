"""Lays a human's marks beside the machine's: of questions, and of the points of their rubric."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from grading.marked_file import MarkedError, MarkedRow, Problem
from records.marking import Mark
from records.model import Json

State = Literal["graded", "ungraded", "unmarked"]


@dataclass(frozen=True)
class Compared:
    """One thing that both had to mark: a question, or (`point` not "") one of its `points` points.

    `machine` None unless `state` is "graded": an ungraded one is not a 0, and "unmarked" is what
    no grading is done of yet. `graders`: what each said before it saw the others' reasons.
    """

    cluster: str
    exam: str
    question: str
    point: str
    points: int
    out_of: float
    human: float | None
    further: Mapping[str, float | None]
    groups: Mapping[str, str]
    state: State
    machine: float | None
    provisional: bool = False
    graders: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Machine:
    """The machine's marks of one sitting; `marks` by question, None while none are there."""

    sitting_id: str
    exam: str
    paper: Json
    marks: Mapping[str, Mark] | None


def compare_rows(rows: Sequence[MarkedRow], find: Callable[[MarkedRow], Machine]) -> list[Compared]:
    """Each line, and what follows from them. `find` gives the machine's marks of the line's
    sitting. Raises MarkedError, with all problems."""
    compared: dict[tuple[str, str, str], Compared] = {}
    implied: list[Compared] = []
    problems: list[Problem] = []
    for row in rows:
        try:
            machine = find(row)
            key = _key(row, machine.paper)
        except MarkedError as error:
            problems += error.problems
            continue
        one = _beside(row, machine, key)
        if compared.setdefault((one.cluster, one.question, one.point), one) is not one:
            told = "an earlier line is of the same sitting, question and point"
            problems.append(Problem(row.line, "", told))
        if not row.point:
            without = dict.fromkeys(row.further)
            parts = [replace(row, point=point, marks=None, further=without) for point in key]
            implied += [_beside(part, machine, key) for part in parts if part.point]
    if problems:
        raise MarkedError(problems)
    for one in implied:
        # Graders can be compared on the points even if the human gave no marks for them.
        compared.setdefault((one.cluster, one.question, one.point), one)
    return [*compared.values(), *_totals(list(compared.values()))]


def _beside(row: MarkedRow, machine: Machine, key: Mapping[str, float]) -> Compared:
    mark = machine.marks[row.question] if machine.marks is not None else None
    marks = None
    if mark is not None and mark.state == "graded":
        marks = _part(mark.points, row.point) if row.point else mark.marks
    return Compared(
        cluster=machine.sitting_id,
        exam=machine.exam,
        question=row.question,
        point=row.point,
        points=len(key) - 1,
        out_of=key[row.point],
        human=row.marks,
        further=row.further,
        groups=row.groups,
        state="unmarked" if mark is None else "graded" if marks is not None else "ungraded",
        machine=marks,
        provisional=mark is not None and mark.provisional,
        graders=_first_words(mark.graders, row.point) if mark is not None else {},
    )


def _key(row: MarkedRow, paper: Json) -> dict[str, float]:
    """What there is to reach for the line's question: of each point, and of "" the whole."""
    found = [one for one in paper.get("questions", []) if one["id"] == row.question]
    if not found:
        told = f"the paper has no question {row.question!r}"
        raise MarkedError([Problem(row.line, "question", told)])
    points = found[0].get("points") or [{"id": "answer", "marks": found[0]["marks"]}]
    key = {"": float(found[0]["marks"]), **{one["id"]: float(one["marks"]) for one in points}}
    if row.point not in key:
        told = f"there is no point {row.point!r}; there are: {', '.join(filter(None, key))}"
        raise MarkedError([Problem(row.line, "point", told)])
    given = {"marks": row.marks, **{f"marks_{name}": one for name, one in row.further.items()}}
    for name, one in given.items():
        if one is not None and one > key[row.point] + 1e-9:
            told = f"{one:g} is more than the {key[row.point]:g} that it is out of"
            raise MarkedError([Problem(row.line, name, told)])
    return key


def _totals(compared: Sequence[Compared]) -> list[Compared]:
    """The whole questions where a human marked only the points, but all of them."""
    whole = {(one.cluster, one.question) for one in compared if not one.point}
    parts: dict[tuple[str, str], list[Compared]] = {}
    for one in compared:
        if one.point and (one.cluster, one.question) not in whole:
            parts.setdefault((one.cluster, one.question), []).append(one)
    return [_total(each) for each in parts.values() if len(each) == each[0].points]


def _total(parts: Sequence[Compared]) -> Compared:
    first = parts[0]
    graders = {
        name: math.fsum(one.graders[name] for one in parts)
        for name in first.graders
        if all(name in one.graders for one in parts)
    }
    return Compared(
        cluster=first.cluster,
        exam=first.exam,
        question=first.question,
        point="",
        points=first.points,
        out_of=math.fsum(one.out_of for one in parts),
        human=_sum(one.human for one in parts),
        further={name: _sum(one.further[name] for one in parts) for name in first.further},
        groups=first.groups,
        state=first.state,
        machine=_sum(one.machine for one in parts),
        provisional=first.provisional,
        graders=graders,
    )


def _sum(marks: Iterable[float | None]) -> float | None:
    every = list(marks)
    return None if any(one is None for one in every) else math.fsum(one or 0.0 for one in every)


def _part(points: Sequence[Json], point_id: str) -> float | None:
    return next((float(one["marks"]) for one in points if one["id"] == point_id), None)


def _first_words(graders: Sequence[Json], point_id: str) -> dict[str, float]:
    """What each grader gave at first, by its model; those that were dropped gave nothing."""
    given: dict[str, float] = {}
    models = [one["model"] for one in first_opinions(graders)]
    for one in first_opinions(graders):
        twice = models.count(one["model"]) > 1
        name = f"{one['model']} ({one['name']})" if twice else str(one["model"])
        marks = _part(one["points"], point_id) if point_id else float(one["marks"])
        if marks is not None:
            given[name] = marks
    return given


def first_opinions(graders: Sequence[Json]) -> list[Json]:
    """The first that counts of each grader: later ones know the others' reasons, and those on
    all words, some of which speak to the grader, only show whether it would listen."""
    first: dict[str, Json] = {}
    for one in sorted(graders, key=lambda one: one["round"]):
        if one["marks"] is not None and one.get("words") != "whole":
            first.setdefault(one["name"], one)
    return list(first.values())

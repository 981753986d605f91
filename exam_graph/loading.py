"""From a YAML file to a `Paper`, with file, line, field and reason for whatever is wrong with it.

Exception
└── PaperError      holds every Problem found
"""

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from exam_graph.paper import Option, Paper, Point, Question, Select
from exam_graph.source import Source, SourceError, dotted, read_source

ROBOT_SCRIPT_SUFFIX = ".robot.yaml"

#: The model of each kind of question.
MODELS: dict[str, type[BaseModel]] = {
    get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(Question)
}


@dataclass(frozen=True)
class Problem:
    """One thing to correct: `field` like `questions[2].points[0].marks`, "" for the whole file."""

    file: str
    line: int
    field: str
    code: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.field}: " if self.field else ""
        return f"{self.file}:{self.line}: {where}{self.reason}"


class PaperError(Exception):
    """A paper that cannot be used, with everything that is wrong with it, in the file's order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = list(problems)


@dataclass(frozen=True)
class LoadedPaper:
    """A paper and the lines its fields stand on."""

    paper: Paper
    source: Source


def load(path: Path | str) -> Paper:
    """The paper in that file. Raises PaperError."""
    return load_with_source(path).paper


def unreadable(path: Path, error: SourceError) -> list[Problem]:
    """What is wrong with a file that is not even YAML of the right shape."""
    return [
        Problem(str(path), fault.line, fault.field, fault.code, fault.reason)
        for fault in error.faults
    ]


def load_with_source(path: Path | str) -> LoadedPaper:
    """As `load`, for callers that go on to name lines themselves. Raises PaperError."""
    path = Path(path)
    try:
        source = read_source(path)
    except SourceError as error:
        raise PaperError(unreadable(path, error)) from None
    problems = []
    try:
        paper = Paper.model_validate(source.content)
    except ValidationError as error:
        problems = [_problem(source, details) for details in _relevant(error)]
    else:
        if paper.id != path.stem:
            problems = [_misnamed(source, paper.id)]
    if problems:
        raise PaperError(sorted(problems, key=lambda problem: problem.line))
    return LoadedPaper(paper, source)


def paper_files(path: Path) -> list[Path]:
    """That file, or the papers of that folder by name; the robot student's scripts are none."""
    if not path.is_dir():
        return [path]
    return sorted(
        file for file in path.glob("*.yaml") if not file.name.endswith(ROBOT_SCRIPT_SUFFIX)
    )


def _misnamed(source: Source, paper_id: str) -> Problem:
    return Problem(
        str(source.path),
        source.line(("id",)),
        "id",
        "id_not_file_name",
        f"is “{paper_id}”, but the file is called {source.path.name}; they have to agree",
    )


def _relevant(error: ValidationError) -> Iterator[ErrorDetails]:
    """pydantic counts an invalid element as a missing one: that second complaint is left out."""
    for details in error.errors(include_url=False):
        wrongly_counted = (
            details["type"] == "too_short"
            and isinstance(details["input"], list)
            and len(details["input"]) >= details.get("ctx", {})["min_length"]
        )
        if not wrongly_counted:
            yield details


def _problem(source: Source, details: ErrorDetails) -> Problem:
    location = (*source.place(details["loc"]), *details.get("ctx", {}).get("at", ()))
    code, reason = explain(details, location)
    return Problem(str(source.path), source.line(location), dotted(location), code, reason)


_TYPES = {
    "string_type": "text (numbers and yes/no want quotes)",
    "float_type": "a number",
    "int_type": "a whole number",
    "tuple_type": "a list",
    "model_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
    "dict_type": "a mapping of fields",
}


def explain(details: ErrorDetails, location: Sequence[str | int]) -> tuple[str, str]:
    """Code and reason of a pydantic error, for an author who has never heard of pydantic."""
    kind = details["type"]
    ctx = details.get("ctx", {})
    if kind in _TYPES:
        return "wrong_type", f"has to be {_TYPES[kind]}"
    match kind:
        case "missing":
            return "missing", "is missing"
        case "extra_forbidden":
            return "unknown_field", f"is not a field here{_did_you_mean(location, details)}"
        case "literal_error":
            return "bad_value", f"has to be {ctx['expected']}"
        case "union_tag_not_found":
            return "missing", "`kind` is missing: 'open', 'choice' or 'short'"
        case "union_tag_invalid":
            return "bad_value", f"`kind` has to be one of {ctx['expected_tags']}"
        case "string_pattern_mismatch":
            return (
                "bad_id",
                "has to be lower-case letters, digits and single hyphens, like heat-pump",
            )
        case "string_too_short":
            return "empty", "is empty"
        case "string_too_long":
            return "too_long", f"is longer than {ctx['max_length']} characters"
        case "too_short":
            return "too_few", f"needs at least {ctx['min_length']}"
        case "too_long":
            return "too_many", f"has more than {ctx['max_length']}"
        case "greater_than":
            return "out_of_range", f"has to be more than {ctx['gt']:g}"
        case "greater_than_equal":
            return "out_of_range", f"has to be at least {ctx['ge']:g}"
        case "less_than_equal":
            return "out_of_range", f"has to be at most {ctx['le']:g}"
        case "finite_number":
            return "out_of_range", "has to be a finite number"
    return kind, details["msg"]


def _did_you_mean(location: Sequence[str | int], details: ErrorDetails) -> str:
    known = _model_at(details["loc"]).model_fields
    near = difflib.get_close_matches(str(location[-1]), known, n=1)
    return f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(sorted(known))}"


def _model_at(loc: Sequence[str | int]) -> type[BaseModel]:
    """The model whose fields were expected at that pydantic location."""
    names = [part for part in loc[:-1] if isinstance(part, str)]
    match names:
        case []:
            return Paper
        case ["select"]:
            return Select
        case [*_, "points"]:
            return Point
        case [*_, "options"]:
            return Option
    return MODELS[names[-1]]

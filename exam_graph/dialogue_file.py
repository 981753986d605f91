"""From a file of dialogues to dialogues that can be held, each with its paper and profile.

Exception
└── DialogueError   holds every Problem found, those of the papers included
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from exam_graph.dialogue import Cut, DialogueFile, Expected, ExpectedAnswer, Outcome, Script, Step
from exam_graph.loading import PaperError, Problem, load, unreadable
from exam_graph.paper import Paper
from exam_graph.profile import Profile
from exam_graph.source import Location, Source, SourceError, dotted, read_source


@dataclass(frozen=True)
class Dialogue:
    """A dialogue that can be held. `lines` are those of its steps; `record_line` of the rest."""

    file: Path
    row: str
    script: Script
    paper: Paper
    profile: Profile
    line: int
    lines: tuple[int, ...]
    record_lines: dict[str, int]


class DialogueError(Exception):
    """A file that cannot be used, with everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = list(problems)


def load_dialogues(path: Path) -> list[Dialogue]:
    """The dialogues of one file, in its order. Raises DialogueError."""
    try:
        source = read_source(path)
    except SourceError as error:
        raise DialogueError(unreadable(path, error)) from None
    try:
        file = DialogueFile.model_validate(source.content)
    except ValidationError as error:
        raise DialogueError(
            [_problem(source, details) for details in error.errors(include_url=False)]
        ) from None
    reader = _Reader(source, file)
    found = [reader.read(index) for index in range(len(file.conversations))]
    if reader.problems:
        raise DialogueError(reader.problems)
    return [each for each in found if each is not None]


class _Reader:
    """Puts each dialogue together with its paper and profile, and collects what is wrong."""

    def __init__(self, source: Source, file: DialogueFile) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._file = file
        self._papers: dict[str, Paper | None] = {}
        self._titles: set[str] = set()

    def read(self, index: int) -> Dialogue | None:
        script = self._file.conversations[index]
        place: Location = ("conversations", index)
        if script.title in self._titles:
            self._complain((*place, "title"), "another dialogue here has the same title")
        self._titles.add(script.title)
        paper, profile = self._paper(script, place), self._profile(script, place)
        if paper is None or profile is None:
            return None
        self._check_questions(script, paper, place)
        return Dialogue(
            file=self._source.path,
            row=self._file.row,
            script=script,
            paper=paper,
            profile=profile,
            line=self._source.line((*place, "title")),
            lines=tuple(
                self._source.line((*place, "dialogue", step))
                for step in range(len(script.dialogue))
            ),
            record_lines={
                name: self._source.line((*place, *name.split(".")))
                for name in ("flags", "finished", *(f"record.{each}" for each in script.record))
            },
        )

    def _paper(self, script: Script, place: Location) -> Paper | None:
        named = script.paper or self._file.paper
        if named is None:
            self._complain((*place, "paper"), "is missing")
            return None
        if named not in self._papers:
            self._papers[named] = self._load(named, script, place)
        paper = self._papers[named]
        if paper is None:
            return None
        content = paper.to_dict() | self._file.changes | script.changes
        content["mode"] = script.mode or self._file.mode or paper.mode
        if wanted := script.questions or self._file.questions:
            by_id = {each["id"]: each for each in content["questions"]}
            if missing := [each for each in wanted if each not in by_id]:
                self._complain((*place, "questions"), f"{named} has no “{missing[0]}”")
                return None
            content |= {"questions": [by_id[each] for each in wanted], "select": None}
        try:
            return Paper.from_dict(content)
        except ValidationError as error:
            details = error.errors(include_url=False)[0]
            reason = f"{dotted(details['loc'])}: {_reason(details, ())}"
            self._complain((*place, "changes"), reason)
            return None

    def _load(self, named: str, script: Script, place: Location) -> Paper | None:
        try:
            return load(self._source.path.parent / named)
        except PaperError as error:
            where = (*place, "paper") if script.paper else ("paper",)
            for problem in error.problems:
                self._complain(where, str(problem))
            return None

    def _profile(self, script: Script, place: Location) -> Profile | None:
        try:
            return Profile.model_validate(self._file.profile | script.profile)
        except ValidationError as error:
            details = error.errors(include_url=False)[0]
            where = (*place, "profile", *details["loc"])
            self._complain(where, _reason(details, Profile.model_fields))
            return None

    def _check_questions(self, script: Script, paper: Paper, place: Location) -> None:
        known = {question.id for question in paper.questions}
        for index, step in enumerate(script.dialogue):
            if step.asks is not None and step.asks not in known:
                self._complain((*place, "dialogue", index, "asks"), "is no question of this paper")
        for question_id in script.record:
            if question_id not in known:
                self._complain((*place, "record", question_id), "is no question of this paper")

    def _complain(self, location: Location, reason: str) -> None:
        line = self._source.line(location)
        self.problems.append(
            Problem(str(self._source.path), line, dotted(location), "bad_dialogue", reason)
        )


def _problem(source: Source, details: ErrorDetails) -> Problem:
    location = tuple(details["loc"])
    known = _fields(location)
    return Problem(
        str(source.path),
        source.line(location),
        dotted(location),
        details["type"],
        _reason(details, known),
    )


def _fields(location: Location) -> Sequence[str]:
    """The fields that are known at that place."""
    match [part for part in location[:-1] if isinstance(part, str)]:
        case []:
            return list(DialogueFile.model_fields)
        case ["conversations"]:
            return list(Script.model_fields)
        case ["conversations", "dialogue"]:
            return list(Step.model_fields)
        case [*_, "cut"]:
            return list(Cut.model_fields)
        case [*_, "record", _]:
            return list(ExpectedAnswer.model_fields)
        case ["conversations", "rules" | "model"]:
            return list(Outcome.model_fields)
    return list(Expected.model_fields)


def _reason(details: ErrorDetails, known: Iterable[str]) -> str:
    match details["type"]:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            near = difflib.get_close_matches(str(details["loc"][-1]), list(known), n=1)
            return "is not a field here" + (f"; did you mean `{near[0]}`?" if near else "")
        case "literal_error":
            return f"has to be {details['ctx']['expected']}"
        case "string_type":
            return "has to be text (numbers and yes/no want quotes)"
    return str(details["msg"]).removeprefix("Value error, ")

"""What `check` reports about paper files: problems that stop a paper, warnings that do not, and
how everything will sound."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from exam_graph.aloud import aloud
from exam_graph.lint import review
from exam_graph.loading import PaperError, Problem, load_with_source, paper_files
from exam_graph.paper import LETTERS, ChoiceQuestion, Paper, Question
from exam_graph.source import dotted


@dataclass(frozen=True)
class Sound:
    """One text of a paper: what a student sees of it, and what the voice says."""

    question: str | None
    part: str
    shown: str
    spoken: str

    @property
    def differs(self) -> bool:
        return self.shown != self.spoken


@dataclass(frozen=True)
class Report:
    """What was found in one file; `sounds` only if they were asked for."""

    file: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    sounds: tuple[Sound, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def check_papers(paths: Iterable[Path], *, with_sounds: bool = False) -> list[Report]:
    """A report for each paper. A path may be a folder; one without papers is a problem."""
    reports = []
    for path in paths:
        files = paper_files(path)
        reports += [check_paper(file, with_sounds=with_sounds) for file in files]
        if not files:
            problem = Problem(str(path), 1, "", "no_papers", "the folder holds no *.yaml paper")
            reports.append(Report(str(path), (problem,)))
    return reports


def check_paper(path: Path, *, with_sounds: bool = False) -> Report:
    try:
        loaded = load_with_source(path)
    except PaperError as error:
        return Report(str(path), tuple(error.problems))
    warnings = (
        Problem(
            str(path),
            loaded.source.line(warning.location),
            dotted(warning.location),
            warning.code,
            warning.reason,
        )
        for warning in review(loaded.paper)
    )
    return Report(
        str(path),
        warnings=tuple(sorted(warnings, key=lambda warning: warning.line)),
        sounds=tuple(sounds(loaded.paper)) if with_sounds else (),
    )


def sounds(paper: Paper) -> Iterator[Sound]:
    """Every text of the paper that may be spoken, in its order."""

    def sound(question: str | None, part: str, shown: str, say: str | None = None) -> Sound:
        return Sound(question, part, shown, say or aloud(shown, paper.language))

    yield sound(None, "title", paper.title)
    if paper.practice:
        yield sound(None, "practice", paper.practice)
    for question in paper.questions:
        for part, shown, say in _texts(question, paper):
            yield sound(question.id, part, shown, say)


def _texts(question: Question, paper: Paper) -> Iterator[tuple[str, str, str | None]]:
    """Part, text and `say` of all that is spoken of a question in that paper's mode."""
    yield "ask", question.ask, question.say
    if isinstance(question, ChoiceQuestion):
        for letter, option in zip(LETTERS, question.options, strict=False):
            yield f"option {letter}", option.text, option.say
    if question.clarify:
        yield "clarify", question.clarify, None
    for point in question.points:
        if point.probe:
            yield f"probe {point.id}", point.probe, None
    if paper.mode == "learn":
        for number, hint in enumerate(question.hints, start=1):
            yield f"hint {number}", hint, None
        for point in question.points:
            yield f"feedback {point.id}", point.looks_for, None
        if question.model_answer:
            yield "explanation", question.model_answer, None

"""What `check` reports about paper files: problems that stop a paper, warnings that do not."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from exam_graph.lint import review
from exam_graph.loading import PaperError, Problem, load_with_source, paper_files
from exam_graph.source import dotted


@dataclass(frozen=True)
class Report:
    """What was found in one file."""

    file: str
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def check_papers(paths: Iterable[Path]) -> list[Report]:
    """A report for each paper. A path may be a folder; one without papers is a problem."""
    reports = []
    for path in paths:
        files = paper_files(path)
        reports += [check_paper(file) for file in files]
        if not files:
            problem = Problem(str(path), 1, "", "no_papers", "the folder holds no *.yaml paper")
            reports.append(Report(str(path), (problem,)))
    return reports


def check_paper(path: Path) -> Report:
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
    return Report(str(path), warnings=tuple(sorted(warnings, key=lambda warning: warning.line)))

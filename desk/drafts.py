"""A file that a teacher sent, as the paper it would be, and all that is to be said of it."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from exam_graph.imported import Heading, ImportingError, Note
from exam_graph.importing import import_bytes
from exam_graph.lint import review
from exam_graph.loading import PaperError, Problem, load_with_source
from exam_graph.paper import Paper
from exam_graph.source import SourceError, dotted, read_source

_YAML = (".yaml", ".yml")


@dataclass(frozen=True)
class Draft:
    """`paper`: None where it cannot be used yet, for `problems`. `notes`: what of a table or a
    question bank was left out; `advice`: as `check` warns; `yaml`: the paper's text."""

    file: str
    yaml: str
    paper: Paper | None
    problems: Sequence[Problem] = ()
    advice: Sequence[Problem] = ()
    notes: Sequence[Note] = field(default_factory=tuple)


@dataclass(frozen=True)
class Finding:
    """What `check` warns about, in a paper that is published."""

    field: str
    code: str
    reason: str


def read_draft(name: str, data: bytes, known: Heading) -> Draft:
    """Raises ImportingError where nothing of the file can be used."""
    if Path(name).suffix.lower() in _YAML:
        return _checked(name, data.decode("utf-8", "replace"), ())
    imported = import_bytes(name, data, known)
    return _checked(name, imported.yaml, imported.notes)


def _checked(name: str, text: str, notes: Sequence[Note]) -> Draft:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "paper.yaml"
        file.write_text(text, encoding="utf-8", newline="")
        # A browser may have renamed it; what counts is the id that it gives itself.
        file = file.rename(file.with_name(f"{_id_in(file)}.yaml"))
        try:
            loaded = load_with_source(file)
        except PaperError as error:
            return Draft(name, text, None, error.problems, notes=notes)
        advice = [
            Problem(
                name,
                loaded.source.line(each.location),
                dotted(each.location),
                each.code,
                each.reason,
            )
            for each in review(loaded.paper)
        ]
    return Draft(name, text, loaded.paper, (), sorted(advice, key=lambda each: each.line), notes)


def _id_in(file: Path) -> str:
    try:
        content = read_source(file).content
    except SourceError:
        return "paper"
    given = content.get("id") if isinstance(content, dict) else None
    is_name = isinstance(given, str) and given.replace("-", "").replace("_", "").isalnum()
    return str(given)[:64] if is_name else "paper"


@lru_cache(maxsize=256)
def findings(content_hash: str, text: str) -> tuple[Finding, ...]:
    """Of a published paper, as JSON; by its hash, since looking takes longer than reading."""
    paper = Paper.model_validate_json(text)
    return tuple(Finding(dotted(each.location), each.code, each.reason) for each in review(paper))


__all__ = ["Draft", "Finding", "ImportingError", "findings", "read_draft"]

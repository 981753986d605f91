"""Makes a paper of a spreadsheet's CSV or of a question bank's Moodle XML (docs/importing.md)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from pydantic import ValidationError

from exam_graph import importing_csv, importing_moodle, importing_yaml
from exam_graph.imported import Draft, Heading, Imported, ImportingError, Note, Remark
from exam_graph.importing_ids import slug
from exam_graph.loading import MODELS, explain
from exam_graph.source import MAX_BYTES, dotted

MAX_IMPORT_BYTES = 10 * 1024 * 1024
#: As many questions as a paper may have.
MAX_QUESTIONS = 200
_TITLE_LENGTH = 200
_TOO_LARGE = f"a paper has at most {MAX_BYTES // 1024} KB"
_PAPERS = (".yaml", ".yml")


def import_file(path: Path, known: Heading) -> Imported:
    """Raises ImportingError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_IMPORT_BYTES + 1)
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or error}"
        raise ImportingError(str(path), 1, reason) from None
    return import_bytes(str(path), data, known)


def import_bytes(name: str, data: bytes, known: Heading) -> Imported:
    """`name`: how the file is called, with or without folders. Raises ImportingError."""
    if len(data) > MAX_IMPORT_BYTES:
        limit = f"the file has more than {MAX_IMPORT_BYTES // 1024 // 1024} MB"
        raise ImportingError(name, 1, limit)
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise ImportingError(name, 1, "the file is empty")
    file = PurePath(name)
    if file.suffix.lower() in _PAPERS:
        raise ImportingError(name, 1, "this is a paper already: check it as it is")
    paper_id = known.id or slug(file.stem) or "paper"
    known = replace(known, title=_title(known.title or file.stem) or paper_id)
    read = importing_moodle.read if _is_xml(data) else importing_csv.read
    try:
        found = list(read(data, known.language))
    except (importing_csv.TableError, importing_moodle.XmlError) as fault:
        raise ImportingError(name, fault.line, fault.reason) from None
    return _Paper(name, paper_id, known).written(found)


def _title(text: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.split())[:_TITLE_LENGTH].strip()


def _is_xml(data: bytes) -> bool:
    # UTF-16 has a zero byte beside each sign of the beginning.
    return data[:64].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")


class _Paper:
    """Takes questions until the paper is full, and notes what becomes of each."""

    def __init__(self, file: str, paper_id: str, known: Heading) -> None:
        self._file = file
        self._id = paper_id
        self._known = known
        self._notes: list[Note] = []
        self._ids: set[str] = set()
        self._parts: list[str] = []
        self._count = 0
        self._is_full = False
        # Room for the heading.
        self._size = 2048 + 4 * len(known.title or "")

    def written(self, found: Iterable[Draft | Remark]) -> Imported:
        remarks: dict[int, list[str]] = {}
        drafts: list[Draft] = []
        for each in found:
            if isinstance(each, Draft):
                drafts.append(each)
            else:
                self._note(each.line, each.kind, each.what, each.reason)
                if each.kind == "look_at":
                    remarks.setdefault(each.line, []).append(f"Look at it: {each.reason}")
        for draft in drafts:
            self._take(draft, remarks.get(draft.line, []))
        head = importing_yaml.heading(PurePath(self._file).name, self._known, self._id, self._count)
        notes = sorted(self._notes, key=lambda note: note.line)
        return Imported(self._id, "\n".join([head, *self._parts]), self._count, notes)

    def _take(self, draft: Draft, hints: list[str]) -> None:
        # First what is quick to see: a bank may hold thousands more than a paper.
        if self._count >= MAX_QUESTIONS:
            self._leave_out(draft, f"a paper has at most {MAX_QUESTIONS} questions")
            return
        if self._is_full:
            self._leave_out(draft, _TOO_LARGE)
            return
        content = {**draft.content, "id": self._free(draft)}
        if draft.to_complete is not None:
            part = importing_yaml.as_comment(draft, content)
        elif (reason := next(_faults(content), None)) is not None:
            self._leave_out(draft, reason)
            return
        else:
            part = importing_yaml.question(content, hints)
        size = len(part.encode("utf-8", "replace")) + 1
        if self._size + size > MAX_BYTES:
            self._is_full = True
            self._leave_out(draft, _TOO_LARGE)
            return
        self._ids.add(content["id"])
        self._parts.append(part)
        self._size += size
        if draft.to_complete is None:
            self._count += 1
        else:
            self._note(draft.line, "to_complete", draft.name, draft.to_complete)

    def _leave_out(self, draft: Draft, reason: str) -> None:
        self._note(draft.line, "left_out", draft.name, reason)

    def _free(self, draft: Draft) -> str:
        """An id that no other question of the paper has."""
        wanted = slug(str(draft.content.get("id") or draft.name)) or f"question-{draft.line}"
        free, number = wanted, 1
        while free in self._ids:
            number += 1
            free = f"{wanted}-{number}"
        return free

    def _note(self, line: int, kind: Any, what: str, reason: str) -> None:
        short = " ".join(what.split())
        short = short if len(short) <= 80 else short[:79] + "…"
        self._notes.append(Note(self._file, line, kind, short, reason.rstrip(".")))


def _faults(content: dict[str, Any]) -> Iterator[str]:
    """Why a paper would refuse the question."""
    try:
        MODELS[content["kind"]].model_validate(content)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            at = details.get("ctx", {}).get("at", ())
            place = (
                *(part for part in details["loc"] if part not in ("as_text", "as_number")),
                *at,
            )
            _, reason = explain(details, ("questions", 0, *place))
            yield f"its {dotted(place)} {reason}" if place else reason

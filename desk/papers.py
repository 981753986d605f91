"""Papers: listed with what is to be said of them, sent in, looked at, published."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desk.drafts import Draft, Finding, ImportingError, findings, read_draft
from desk.errors import PageError, bad_form, not_found
from desk.pages import back, page
from desk.session import exam_of, form_of, teacher_of
from desk.state import State
from desk.uploads import upload_of
from exam_graph.imported import Heading
from exam_graph.importing import MAX_IMPORT_BYTES
from exam_graph.importing_ids import slug
from records.model import PublishedPaper
from records.store import Records
from records.teachers import Teacher

_HELD = "paper"


@dataclass(frozen=True)
class Listed:
    """A published paper; `findings` is None for one that this version cannot read."""

    exam_id: str
    title: str
    questions: int
    marks: float
    published_at: datetime
    findings: tuple[Finding, ...] | None


async def listed(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    papers = await Records(request.state["store"].engine).papers()
    mine = [paper for paper in papers if teacher.may_see(paper.exam_id)]
    shown = await run_in_threadpool(lambda: [_listed(paper) for paper in mine])
    without = sorted(teacher.exams - {paper.exam_id for paper in mine})
    return page(request, "papers.html", {"papers": shown, "without": without}, teacher=teacher)


async def show(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    found = await Records(request.state["store"].engine).paper(exam_of(request, teacher))
    if found is None:
        raise not_found()
    values = {
        "paper": _listed(found),
        "questions": found.content.get("questions", []),
        "lang": found.content.get("language", "en"),
    }
    return page(request, "paper.html", values, teacher=teacher)


async def preview(request: Request[State]) -> Response:
    """What would be published; nothing is written."""
    teacher = await teacher_of(request)
    form = await form_of(request)
    name, data = await upload_of(form, "file", MAX_IMPORT_BYTES)
    wanted = form["id"]
    if wanted and slug(wanted) != wanted:
        raise bad_form("An id has small letters, digits and single hyphens.")
    language = "de" if form["language"] == "de" else "en"
    known = Heading(wanted or None, form["title"][:200] or None, language)  # type: ignore[arg-type]
    try:
        draft = await run_in_threadpool(read_draft, name, data, known)
    except ImportingError as error:
        return _shown(request, teacher, Draft(name, "", None), f"line {error.line}: {error.reason}")
    return _shown(request, teacher, draft, None)


def _shown(
    request: Request[State], teacher: Teacher, draft: Draft, problem: str | None
) -> Response:
    may = draft.paper is not None and teacher.may_see(draft.paper.id)
    token = request.state["held"].put(teacher.id, _HELD, draft) if draft.yaml else None
    values = {"draft": draft, "problem": problem, "may": may, "token": token}
    status = 200 if draft.paper else 422
    return page(request, "paper_preview.html", values, teacher=teacher, status=status)


async def text(request: Request[State]) -> Response:
    """The paper as a file, to be completed by hand."""
    draft = await _held(request, take=False)
    name = slug(draft.paper.id if draft.paper else draft.file.rpartition(".")[0]) or "paper"
    headers = {"content-disposition": f'attachment; filename="{name}.yaml"'}
    return Response(draft.yaml, media_type="application/yaml", headers=headers)


async def publish(request: Request[State]) -> Response:
    """For the teacher's own exams; an admin may begin new ones."""
    teacher = await teacher_of(request)
    draft = await _held(request, take=True)
    paper = draft.paper
    if paper is None or not teacher.may_see(paper.id):
        raise PageError(403, "A teacher publishes papers of their own exams only.")
    records = Records(request.state["store"].engine)
    await records.publish_paper(paper.id, paper.to_dict(), paper.content_hash, teacher.name)
    note = f"{paper.id} is published: exams begun from now on have this paper."
    return back(request, f"/papers/{paper.id}", note)


async def _held(request: Request[State], *, take: bool) -> Draft:
    teacher = await teacher_of(request)
    form = await form_of(request)
    held = request.state["held"]
    draft = (held.take if take else held.see)(form["paper"], teacher.id, _HELD)
    if draft is None:
        raise PageError(409, "This paper was published already, or is too old: send it again.")
    assert isinstance(draft, Draft)
    return draft


def _listed(paper: PublishedPaper) -> Listed:
    content: dict[str, Any] = paper.content
    questions = content.get("questions", [])
    found: tuple[Finding, ...] | None
    try:
        found = findings(paper.hash, json.dumps(content))
    except ValidationError:
        found = None
    return Listed(
        paper.exam_id,
        str(content.get("title", paper.exam_id)),
        len(questions),
        sum(each.get("marks", 0) for each in questions),
        paper.published_at,
        found,
    )


routes = [
    Route("/papers", listed),
    Route("/papers", preview, methods=["POST"]),
    Route("/papers/text", text, methods=["POST"]),
    Route("/papers/publish", publish, methods=["POST"]),
    Route("/papers/{exam_id}", show),
]

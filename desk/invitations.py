"""A class invited from a list: looked at, made together, links taken once, each withdrawn alone."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desk.errors import PageError
from desk.numbers import whole
from desk.pages import back, page
from desk.session import Form, exam_of, form_of, teacher_of
from desk.state import State
from desk.uploads import upload_of
from records.class_invitations import (
    invite_again,
    invite_class,
    links_csv,
    list_invitations,
    revoke,
)
from records.class_list import COLUMNS, MAX_BYTES, read_class
from records.errors import InvitationInvalid, UnknownExam
from records.model import Invitation
from records.teachers import Teacher

#: How long a link lets in, where the list is silent.
DAYS = 7
_PAGE = 200
_LIST = "class list"
_LINKS = "links"


async def show(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    exam_id = exam_of(request, teacher)
    now = datetime.now(UTC)
    async with request.state["store"].reading() as connection:
        listed = await list_invitations(connection, exam_id, now)
    text = request.query_params.get("text", "").strip()[:128]
    found = [each for each in listed if text.lower() in each.invitation.user_id.lower()]
    shown = max(1, whole(request.query_params.get("page", "")) or 1)
    token = request.query_params.get("made", "")
    values = {
        "exam_id": exam_id,
        "listed": found[(shown - 1) * _PAGE : shown * _PAGE],
        "found": len(found),
        "shown": shown,
        "last": max(1, -(-len(found) // _PAGE)),
        "text": text,
        "columns": COLUMNS,
        "days": DAYS,
        "made": token if request.state["held"].see(token, teacher.id, _LINKS) else None,
    }
    return page(request, "invitations.html", values, teacher=teacher)


async def preview(request: Request[State]) -> Response:
    """What would be made of the list; nothing is written."""
    teacher, exam_id, form = await _begin(request)
    name, data = await upload_of(form, "file", MAX_BYTES)
    listed = read_class(data, datetime.now(UTC), DAYS)
    token = None
    if not listed.wrong:
        token = request.state["held"].put(teacher.id, _LIST, (exam_id, listed.students))
    values = {"exam_id": exam_id, "file": name, "listed": listed, "token": token}
    return page(
        request,
        "invitations_preview.html",
        values,
        teacher=teacher,
        status=422 if listed.wrong else 200,
    )


async def create(request: Request[State]) -> Response:
    teacher, exam_id, form = await _begin(request)
    held = request.state["held"].take(form["list"], teacher.id, _LIST)
    if held is None or held[0] != exam_id:
        raise PageError(409, "This list was used already, or is too old: send it again.")
    try:
        async with request.state["store"].writing() as connection:
            made = await invite_class(connection, exam_id, held[1], teacher.name)
    except UnknownExam as error:
        raise PageError(409, str(error)) from None
    note = f"{len(made)} students are invited. Their links can be taken once."
    return _with_links(request, teacher, exam_id, made, note)


async def links(request: Request[State]) -> Response:
    """The links of those just made, once: who has a link can sit the exam."""
    teacher, exam_id, form = await _begin(request)
    held = request.state["held"].take(form["made"], teacher.id, _LINKS)
    if held is None or held[0] != exam_id:
        raise PageError(409, "These links were taken already: invite whom you need again.")
    headers = {"content-disposition": 'attachment; filename="links.csv"'}
    return Response("\ufeff" + held[1], media_type="text/csv", headers=headers)


async def withdraw(request: Request[State]) -> Response:
    teacher, exam_id, _ = await _begin(request)
    jti = request.path_params["jti"]
    try:
        async with request.state["store"].writing() as connection:
            await revoke(connection, exam_id, jti, teacher.name)
    except InvitationInvalid as error:
        raise PageError(404, str(error)) from None
    return back(request, _home(exam_id), "The invitation is withdrawn: nobody joins by it.")


async def again(request: Request[State]) -> Response:
    """A new link for one student; the old one is withdrawn."""
    teacher, exam_id, _ = await _begin(request)
    jti = request.path_params["jti"]
    try:
        async with request.state["store"].writing() as connection:
            made = await invite_again(connection, exam_id, jti, DAYS, teacher.name)
    except InvitationInvalid as error:
        raise PageError(404, str(error)) from None
    note = f"{made.user_id} has a new invitation; the old link lets nobody in."
    return _with_links(request, teacher, exam_id, [made], note)


async def _begin(request: Request[State]) -> tuple[Teacher, str, Form]:
    teacher = await teacher_of(request)
    exam_id = exam_of(request, teacher)
    return teacher, exam_id, await form_of(request)


def _with_links(
    request: Request[State], teacher: Teacher, exam_id: str, made: list[Invitation], note: str
) -> Response:
    settings = request.state["settings"]
    secret = settings.invitation_secret.get_secret_value()
    text = links_csv(made, settings.public_url, secret)
    token = request.state["held"].put(teacher.id, _LINKS, (exam_id, text))
    return back(request, f"{_home(exam_id)}?made={token}", note)


def _home(exam_id: str) -> str:
    return f"/exams/{exam_id}/invitations"


routes = [
    Route("/exams/{exam_id}/invitations", show),
    Route("/exams/{exam_id}/invitations", preview, methods=["POST"]),
    Route("/exams/{exam_id}/invitations/create", create, methods=["POST"]),
    Route("/exams/{exam_id}/invitations/links", links, methods=["POST"]),
    Route("/exams/{exam_id}/invitations/{jti}/revoke", withdraw, methods=["POST"]),
    Route("/exams/{exam_id}/invitations/{jti}/again", again, methods=["POST"]),
]

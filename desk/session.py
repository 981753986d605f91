"""Who is signed in, and that a form came from a page of ours."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import FormData
from starlette.requests import Request

from desk.errors import PageError, SignInNeeded, not_found
from desk.state import State
from records.desk_store import Place
from records.teachers import Teacher

COOKIE = "voxam_desk"
HOURS = 12
MAX_FIELDS = 1000
_FIELD_BYTES = 256 * 1024


@dataclass(frozen=True)
class Form:
    """The fields of a form, each once; `files` are the uploaded ones."""

    fields: Mapping[str, str]
    data: FormData

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "").strip()

    def all_of(self, name: str) -> list[str]:
        return [v.replace("\0", "") for v in self.data.getlist(name) if isinstance(v, str)]


async def teacher_of(request: Request[State]) -> Teacher:
    """Raises SignInNeeded unless somebody is signed in whose sign-in still holds."""
    teacher_id = request.session.get("teacher")
    teacher = await request.state["store"].teacher(teacher_id) if teacher_id else None
    if teacher is None or teacher.disabled or teacher.session != request.session.get("number"):
        raise SignInNeeded
    return teacher


def sign_in(request: Request[State], teacher: Teacher) -> None:
    """With a new token: what a stranger may have put into the cookie is gone."""
    request.session.clear()
    request.session.update(teacher=teacher.id, number=teacher.session)
    csrf_token(request)


def csrf_token(request: Request[State]) -> str:
    """What each form carries, and no page of others knows."""
    token = request.session.get("csrf")
    if not isinstance(token, str):
        token = request.session["csrf"] = secrets.token_urlsafe(24)
    return token


async def form_of(request: Request[State]) -> Form:
    """The form that was sent. Raises PageError 403 unless it came from a page of ours."""
    data = await request.form(max_files=1, max_fields=MAX_FIELDS, max_part_size=_FIELD_BYTES)
    sent = data.get("csrf")
    kept = request.session.get("csrf")
    if not (isinstance(sent, str) and isinstance(kept, str) and secrets.compare_digest(sent, kept)):
        await data.close()
        raise PageError(403, "This form is too old, or not from here: load the page again.")
    # Not every database can keep a NUL, and nobody means one.
    fields = {n: value.replace("\0", "") for n, value in data.items() if isinstance(value, str)}
    return Form(fields, data)


async def place_of(request: Request[State], teacher: Teacher) -> Place:
    """The sitting that the address names. Raises PageError 404 if it is another's."""
    place = await request.state["store"].place(request.path_params["sitting_id"])
    if place is None or not teacher.may_see(place.exam_id):
        raise not_found()
    return place


def exam_of(request: Request[State], teacher: Teacher) -> str:
    """The exam that the address names. Raises PageError 404 if it is another's."""
    exam_id: str = request.path_params["exam_id"]
    if not teacher.may_see(exam_id):
        raise not_found()
    return exam_id

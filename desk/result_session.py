"""Who opened a result: a student, by the invitation in their link, for a while.

The link's token comes in a body, never in an address; the cookie tells only which invitation that
was.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from desk.errors import PageError
from desk.settings import Settings
from desk.state import State
from records import invitations
from records.errors import InvitationExpired, InvitationInvalid
from records.model import Invitation
from records.results import Results

COOKIE = "voxam_result"
PATH = "/result"
MINUTES = 60
MAX_BYTES = 32 * 1024
"""Of a body: an appeal of the greatest length fits, whatever its letters."""


class LinkNeededError(PageError):
    """Nobody opened a result here, or too long ago."""

    def __init__(self) -> None:
        super().__init__(401, "Please open the link of your invitation again.")


@dataclass(frozen=True)
class Student:
    """`csrf`: what each of their forms carries."""

    invitation: Invitation
    csrf: str


async def invitation_of(request: Request[State], token: str) -> Invitation:
    """What a link carries. It may have expired: that limits joining, not seeing a result.

    Raises PageError 404 for one that is forged, unknown or withdrawn: nobody learns the difference.
    """
    throttle = request.state["throttle"]
    settings = request.state["settings"]
    older = [settings.invitation_secret_previous] if settings.invitation_secret_previous else []
    keys = [key.get_secret_value() for key in (settings.invitation_secret, *older)]
    jti: str | None
    try:
        jti = invitations.verify(token, *keys)
    except InvitationExpired as error:
        jti = error.jti
    except InvitationInvalid:
        jti = None
    found = await Results(request.state["store"].engine).invitation(jti) if jti else None
    if found is not None:
        await throttle.check(f"result {found.jti}")
        await throttle.failed(f"result {found.jti}")
        return found
    # A school is one address: it holds up only those who hold no good link.
    address = request.client.host if request.client else "unknown"
    await throttle.check(f"result from {address}")
    await throttle.failed(f"result from {address}")
    raise PageError(404, "This link shows no result. Open it again, whole, from your invitation.")


def admit(request: Request[State], response: Response, invitation: Invitation) -> None:
    settings = request.state["settings"]
    content = {"jti": invitation.jti, "csrf": secrets.token_urlsafe(24)}
    response.set_cookie(
        COOKIE,
        _signer(settings).dumps(content),
        max_age=MINUTES * 60,
        path=PATH,
        secure=settings.secure,
        httponly=True,
        samesite="strict",
    )


def leave(response: Response) -> None:
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="strict")


async def student_of(request: Request[State]) -> Student:
    """Raises LinkNeededError. An invitation that was withdrawn meanwhile shows nothing any more."""
    try:
        content = _signer(request.state["settings"]).loads(
            request.cookies.get(COOKIE, ""), max_age=MINUTES * 60
        )
    except BadData:
        raise LinkNeededError from None
    invitation = await Results(request.state["store"].engine).invitation(content["jti"])
    if invitation is None:
        raise LinkNeededError
    return Student(invitation, content["csrf"])


async def token_in(request: Request[State]) -> str:
    """The invitation in a JSON body. Raises PageError."""
    try:
        body: Any = json.loads(await _read(request))
        token = body["invitation"]
    except (ValueError, RecursionError, KeyError, TypeError):
        raise PageError(400, "This is no invitation.") from None
    if not isinstance(token, str) or not 0 < len(token) <= 2048:
        raise PageError(400, "This is no invitation.")
    return token


async def fields_of(request: Request[State], student: Student) -> dict[str, str]:
    """The form that was sent. Raises PageError 403 unless it came from a page of this student's."""
    try:
        pairs = parse_qsl((await _read(request)).decode(), max_num_fields=10)
    except ValueError:
        raise PageError(400, "This form cannot be read.") from None
    fields = dict(pairs)
    if not secrets.compare_digest(fields.get("csrf", "").encode(), student.csrf.encode()):
        raise PageError(403, "This form is too old, or not from here: load the page again.")
    return fields


async def _read(request: Request[State]) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise PageError(413, "This is too large.")
    return bytes(body)


def _signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.desk_key.get_secret_value(), salt="voxam-result")

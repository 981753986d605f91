"""The calls that bring a student into a room, and the look before that."""

import hmac
import logging
from typing import Any, TypedDict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from records import invitations
from records.errors import InvitationExpired, InvitationInvalid, InvitationRevoked
from records.model import Invitation, Json, Sitting
from records.profile import PageProfile
from records.results import Results
from records.store import Records
from token_api.body import read_object
from token_api.errors import ApiError, unavailable
from token_api.rate_limits import RateLimits
from token_api.requests import Consent, InvitationRequest, JoinRequest, StartRequest, parse
from token_api.rooms import LiveKitUnavailable, Rooms
from token_api.settings import Settings
from token_api.student_token import mint

logger = logging.getLogger(__name__)


class State(TypedDict):
    """What is open while the service runs."""

    settings: Settings
    records: Records
    rooms: Rooms
    limits: RateLimits


async def start(request: Request[State]) -> Response:
    """POST /start-exam-session: for a school's own service, with TOKEN_API_KEY."""
    await request.state["limits"].start(_checked_key(request))
    wanted = parse(StartRequest, await read_object(request))
    sitting, resumed = await request.state["records"].open_sitting(
        user_id=wanted.user_id,
        exam_id=wanted.exam_id,
        consent=wanted.consent.model_dump(),
        profile=wanted.profile.as_given(),
        invitation=None,
    )
    return await _admit(request.state, sitting, resumed=resumed)


async def join(request: Request[State]) -> Response:
    """POST /join: for the student's page, with an invitation."""
    wanted = parse(JoinRequest, await read_object(request))
    sitting, resumed = await _invited(request.state, wanted.invitation, wanted.consent)
    return await _admit(request.state, sitting, resumed=resumed)


async def look(request: Request[State]) -> Response:
    """POST /invitation: what the page is told before it asks for a microphone. Changes nothing."""
    wanted = parse(InvitationRequest, await read_object(request))
    invitation, expired = await _read_invitation(request.state, wanted.invitation)
    if invitation.revoked_at is not None:
        raise InvitationRevoked("This invitation has been withdrawn.")
    found = {"page": _page(invitation.profile)}
    found |= await _result(request.state, invitation, expired=expired)
    return JSONResponse(found, headers={"cache-control": "no-store"})


async def _result(state: State, invitation: Invitation, *, expired: bool) -> Json:
    """Of a student who has been through the exam: how far the newest result is, and where."""
    attempts = await Results(state["records"].engine).attempts(invitation)
    over = [each for each in attempts if each.state != "under_way"]
    if not over:
        return {}
    may_begin = not expired and invitation.used < invitation.attempts
    can_join = len(over) < len(attempts) or may_begin
    return {
        "result": {"state": over[0].state, "can_join": can_join},
        "result_url": state["settings"].desk_url.rstrip("/") + "/result",
    }


async def _invited(state: State, token: str, consent: Consent) -> tuple[Sitting, bool]:
    invitation, expired = await _read_invitation(state, token)
    return await state["records"].open_sitting(
        user_id=invitation.user_id,
        exam_id=invitation.exam_id,
        consent=consent.model_dump(),
        profile=invitation.profile,
        invitation=invitation.jti,
        resume_only=expired,
    )


async def _read_invitation(state: State, token: str) -> tuple[Invitation, bool]:
    """The invitation that a link carries, and whether its time is over."""
    expired = False
    try:
        jti = invitations.verify(token, *state["settings"].invitation_secrets)
    except InvitationExpired as error:
        if error.jti is None:
            raise
        # Who began in time may come back, even when the page is loaded again after the time.
        jti, expired = error.jti, True
    await state["limits"].join(jti)
    invitation = await state["records"].invitation(jti)
    if invitation is None:
        raise InvitationInvalid("This invitation is not known here.")
    return invitation, expired


async def _admit(state: State, sitting: Sitting, *, resumed: bool) -> Response:
    try:
        await state["rooms"].prepare(sitting)
    except LiveKitUnavailable as error:
        # The sitting stays open: the next call finds it, and uses up no further attempt.
        logger.error("sitting %s has no room: %s", sitting.id, error)
        raise unavailable("The exam room cannot be opened. Try again in a moment.") from error
    logger.info("sitting %s %s", sitting.id, "resumed" if resumed else "opened")
    student = mint(sitting, state["settings"])
    return JSONResponse(
        {
            "session_id": sitting.id,
            "room_name": sitting.room_name,
            "livekit_url": state["settings"].livekit_url,
            "token": student.token,
            "token_expires_at": student.expires_at.isoformat().replace("+00:00", "Z"),
            "resumed": resumed,
            "page": _page(sitting.profile),
        },
        headers={"cache-control": "no-store"},
    )


def _page(profile: Json) -> Json:
    return PageProfile.model_validate(profile).model_dump()


def _checked_key(request: Request[Any]) -> str:
    """The service key that was sent, if it is one of ours."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    # Headers arrive as latin-1; compared as bytes, in a time that tells nothing about the keys.
    sent = given.encode("latin-1")
    keys: tuple[str, ...] = request.state["settings"].token_api_keys
    right = [hmac.compare_digest(sent, key.encode()) for key in keys]
    if scheme.lower() != "bearer" or not any(right):
        message = "The key is missing or wrong: send Authorization: Bearer TOKEN_API_KEY."
        headers = {"www-authenticate": "Bearer"}
        raise ApiError(401, "unauthorized", message, headers=headers)
    return given

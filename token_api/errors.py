"""Every error that the service answers with: a code for programs, a sentence for people."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from records.errors import (
    ConsentRequired,
    ExamFinished,
    InvitationExpired,
    InvitationInvalid,
    InvitationRevoked,
    InvitationUsed,
    RecordsError,
    UnknownExam,
)

RETRY_AFTER_SECONDS = 5
_FIELD_LENGTH = 64

logger = logging.getLogger(__name__)


class ApiError(Exception):
    """`field` names the part of the request at fault, with dots between levels."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.headers = dict(headers or {})


def bad_request(message: str, field: str | None = None) -> ApiError:
    return ApiError(400, "bad_request", message, field)


def unavailable(message: str) -> ApiError:
    headers = {"retry-after": str(RETRY_AFTER_SECONDS)}
    return ApiError(503, "unavailable", message, headers=headers)


def from_records(error: RecordsError) -> ApiError:
    """What the records refused, in the words of the service's contract."""
    message = str(error)
    match error:
        case InvitationInvalid() | InvitationRevoked():
            return ApiError(401, "invitation_invalid", message)
        case InvitationExpired():
            return ApiError(410, "invitation_expired", message)
        case InvitationUsed():
            return ApiError(409, "invitation_used", message)
        case UnknownExam():
            return ApiError(404, "unknown_exam", message, "exam_id")
        case ExamFinished():
            return ApiError(409, "exam_finished", message)
        case ConsentRequired():
            return ApiError(403, "consent_required", message, "consent.recording")
    logger.error("the records cannot be used: %s", message)
    return unavailable("The records cannot be reached. Try again in a moment.")


def respond(error: ApiError) -> Response:
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.field:
        body["field"] = error.field[:_FIELD_LENGTH]
    # ASCII: a field's name comes from outside, and may hold what UTF-8 cannot.
    content = json.dumps({"error": body}).encode("ascii")
    headers = {"cache-control": "no-store", **error.headers}
    return Response(content, error.status, headers, media_type="application/json")


async def on_api_error(request: Request[Any], error: Exception) -> Response:
    assert isinstance(error, ApiError)
    address = request.client.host if request.client else None
    return respond(await request.state["limits"].refusal(error, address))


async def on_records_error(request: Request[Any], error: Exception) -> Response:
    assert isinstance(error, RecordsError)
    return await on_api_error(request, from_records(error))


async def on_http_error(_: Request[Any], error: Exception) -> Response:
    """What Starlette itself refuses: an unknown address or method."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return respond(ApiError(404, "not_found", "There is nothing at this address."))
    if error.status_code == 405:
        message = "This address does not take this method."
        return respond(ApiError(405, "method_not_allowed", message, headers=error.headers))
    return respond(ApiError(error.status_code, "bad_request", error.detail, headers=error.headers))


async def on_gone(_: Request[Any], error: Exception) -> Response:
    """The client went away in the middle of its body: nobody reads this, and nothing is wrong."""
    assert isinstance(error, ClientDisconnect)
    return respond(bad_request("The body broke off."))


async def on_crash(_: Request[Any], error: Exception) -> Response:
    """The server logs the traceback; nothing of it goes out."""
    return respond(ApiError(500, "internal", "Something went wrong here, not with your request."))

"""What a client did wrong, as Deepgram says it: a machine's code and a sentence.

ProtocolError
├── ParameterError   400, in the query
├── PayloadError     400, in the body or a message
└── TextTooLongError    413
"""

from uuid import uuid4

from starlette.responses import JSONResponse


class ProtocolError(Exception):
    """`code` for machines; the message is for people."""

    status = 400
    code = "Bad Request"


class ParameterError(ProtocolError):
    code = "INVALID_QUERY_PARAMETER"


class PayloadError(ProtocolError):
    code = "PAYLOAD_ERROR"


class TextTooLongError(ProtocolError):
    status = 413
    code = "PAYLOAD_TOO_LARGE"


def refusal(error: ProtocolError) -> JSONResponse:
    """Deepgram's error body `{"err_code", "err_msg", "request_id"}` and its headers."""
    request_id = str(uuid4())
    return JSONResponse(
        {"err_code": error.code, "err_msg": str(error), "request_id": request_id},
        status_code=error.status,
        headers={"dg-request-id": request_id, "dg-error": _header(str(error))},
    )


def _header(text: str) -> str:
    return text.encode("ascii", "replace").decode().replace("\n", " ")

"""Deepgram's error body, as an answer of this server."""

from uuid import uuid4

from aiohttp import web

from local_providers.errors import ProtocolError


def refusal(error: ProtocolError) -> web.Response:
    request_id = str(uuid4())
    body = {"err_code": error.code, "err_msg": str(error), "request_id": request_id}
    return web.json_response(body, status=error.status, headers={"dg-request-id": request_id})

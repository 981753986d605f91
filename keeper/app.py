"""Composes the service: the keeping that goes on while it runs, LiveKit's webhooks, its health."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypedDict

import aiohttp
from livekit import api
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from keeper.keeping import Keeping
from keeper.rooms import LiveKitUnavailable, Rooms
from keeper.settings import Settings
from keeper.webhooks import Webhooks, read
from records.errors import RecordsError
from records.store import Records

WEBHOOK_PATH = "/livekit-webhook"
_LIVEKIT_TIMEOUT_S = 5
_CODES = {
    401: "unauthorized",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    503: "unavailable",
}

logger = logging.getLogger(__name__)


class State(TypedDict):
    """What is open while the service runs."""

    records: Records
    rooms: Rooms
    keeping: Keeping
    webhooks: Webhooks


def create_app(settings: Settings, to_livekit: aiohttp.ClientSession | None = None) -> Starlette:
    """`to_livekit` carries the calls to LiveKit, where they shall not go over the network."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        secret = settings.livekit_api_secret.get_secret_value()
        records = await Records.open(settings.database_url)
        livekit = api.LiveKitAPI(
            settings.livekit_url,
            settings.livekit_api_key,
            secret,
            timeout=aiohttp.ClientTimeout(total=_LIVEKIT_TIMEOUT_S),
            session=to_livekit,
        )
        rooms = Rooms(livekit)
        keeping = Keeping(records, rooms, settings)
        going_on = asyncio.create_task(keeping.run())
        try:
            yield State(
                records=records,
                rooms=rooms,
                keeping=keeping,
                webhooks=Webhooks(settings.livekit_api_key, secret),
            )
        finally:
            going_on.cancel()
            await asyncio.gather(going_on, return_exceptions=True)
            await livekit.aclose()
            await records.close()

    return Starlette(
        routes=[
            Route(WEBHOOK_PATH, hear, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
        ],
        exception_handlers={HTTPException: on_http_error, Exception: on_crash},
        lifespan=lifespan,
    )


async def hear(request: Request[State]) -> Response:
    authorization = request.headers.get("authorization", "")
    if request.state["webhooks"].take(await read(request), authorization):
        request.state["keeping"].wake()
    return Response(status_code=204)


async def healthz(_: Request[State]) -> Response:
    return JSONResponse({"status": "alive"})


async def readyz(request: Request[State]) -> Response:
    """503 with the reason while the database or LiveKit cannot be used, or nobody looks."""
    try:
        await request.state["records"].check()
        await request.state["rooms"].check()
    except (RecordsError, LiveKitUnavailable) as error:
        raise HTTPException(503, f"{str(error).rstrip('.')}.", {"retry-after": "5"}) from error
    if request.state["keeping"].stalled:
        raise HTTPException(503, "The leases are not being looked at.", {"retry-after": "5"})
    return JSONResponse({"status": "ready"})


async def on_http_error(_: Request[Any], error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "bad_request")
    body = {"error": {"code": code, "message": error.detail}}
    return JSONResponse(
        body, error.status_code, {"cache-control": "no-store", **(error.headers or {})}
    )


async def on_crash(_: Request[Any], error: Exception) -> Response:
    """The server logs the traceback; nothing of it goes out."""
    body = {"error": {"code": "internal", "message": "Something went wrong here."}}
    return JSONResponse(body, 500)

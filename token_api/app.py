"""Composes the service: what is open while it runs, and which address leads where."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from livekit import api
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import ASGIApp

from records.errors import RecordsError
from records.store import Records
from token_api.errors import (
    ApiError,
    on_api_error,
    on_crash,
    on_gone,
    on_http_error,
    on_records_error,
)
from token_api.headers import SecurityHeaders
from token_api.health import healthz, readyz
from token_api.page import Page
from token_api.rate_limits import RateLimits
from token_api.rooms import Rooms
from token_api.sessions import State, join, look, start
from token_api.settings import Settings

_LIVEKIT_TIMEOUT_S = 5


def create_app(settings: Settings, to_livekit: aiohttp.ClientSession | None = None) -> ASGIApp:
    """`to_livekit` carries the calls to LiveKit, where they shall not go over the network."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        records = await Records.open(settings.database_url)
        livekit = api.LiveKitAPI(
            settings.livekit_url,
            settings.livekit_api_key,
            settings.livekit_api_secret.get_secret_value(),
            timeout=aiohttp.ClientTimeout(total=_LIVEKIT_TIMEOUT_S),
            session=to_livekit,
        )
        limits = RateLimits(settings.rate_limit_url, settings.starts_per_minute)
        try:
            rooms = Rooms(livekit, settings.student_grace_s)
            yield State(settings=settings, records=records, rooms=rooms, limits=limits)
        finally:
            await limits.close()
            await livekit.aclose()
            await records.close()

    app = Starlette(
        routes=[
            Route("/start-exam-session", start, methods=["POST"]),
            Route("/invitation", look, methods=["POST"]),
            Route("/join", join, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/readyz", readyz),
        ],
        exception_handlers={
            ApiError: on_api_error,
            RecordsError: on_records_error,
            HTTPException: on_http_error,
            ClientDisconnect: on_gone,
            Exception: on_crash,
        },
        lifespan=lifespan,
    )
    # Not a mounted route: that would answer for the wrong method on the routes above.
    app.router.default = Page(settings.web_dist)
    return SecurityHeaders(app, settings.livekit_url, settings.public_url)

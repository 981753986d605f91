"""Composes the desk: what is open while it runs, and which address leads where."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from desk import (
    acts,
    appeals,
    audio,
    cohort,
    exports,
    invitations,
    papers,
    queue,
    regrade,
    result,
    signing_in,
    sitting,
)
from desk.errors import PageError, SignInNeeded
from desk.held import Held
from desk.pages import FOLDER, back, page
from desk.protection import Protection
from desk.session import COOKIE, HOURS
from desk.settings import Settings
from desk.state import State
from desk.throttle import Throttle
from records.desk_store import DeskStore
from records.errors import RecordsError, RecordsUnavailable, UnknownSitting
from records.sound_files import SoundFiles

PAGES = (
    signing_in,
    queue,
    sitting,
    acts,
    audio,
    appeals,
    regrade,
    exports,
    invitations,
    papers,
    cohort,
    result,
)


def create_app(settings: Settings) -> ASGIApp:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        store = await DeskStore.open(settings.database_url)
        try:
            yield State(
                settings=settings,
                store=store,
                files=SoundFiles.of(settings.recordings_url),
                throttle=Throttle(),
                held=Held(),
            )
        finally:
            await store.close()

    app = Starlette(
        routes=[
            *(route for each in PAGES for route in each.routes),
            Route("/healthz", _healthz),
            Route("/readyz", _readyz),
            Mount("/static", StaticFiles(directory=FOLDER / "static")),
        ],
        exception_handlers={
            SignInNeeded: _to_sign_in,
            PageError: _on_page_error,
            RecordsError: _on_records_error,
            HTTPException: _on_http_error,
            Exception: _on_crash,
        },
        middleware=[
            Middleware(
                SessionMiddleware,
                secret_key=settings.desk_key.get_secret_value(),
                session_cookie=COOKIE,
                max_age=HOURS * 3600,
                same_site="lax",
                https_only=settings.secure,
            )
        ],
        lifespan=lifespan,
    )
    return Protection(app, settings.desk_url)


async def _healthz(_: Request[State]) -> Response:
    return JSONResponse({"status": "alive"})


async def _readyz(request: Request[State]) -> Response:
    """503 with the reason while the database cannot be used."""
    try:
        await request.state["store"].check()
    except RecordsError as error:
        body = {"error": {"code": "unavailable", "message": str(error)}}
        return JSONResponse(body, 503, {"retry-after": "5"})
    return JSONResponse({"status": "ready"})


async def _to_sign_in(request: Request[Any], _: Exception) -> Response:
    return back(request, "/sign-in")


async def _on_page_error(request: Request[Any], error: Exception) -> Response:
    assert isinstance(error, PageError)
    return _problem(request, error.status, str(error))


async def _on_records_error(request: Request[Any], error: Exception) -> Response:
    if isinstance(error, UnknownSitting):
        return _problem(request, 404, "There is nothing here, or it is not yours to see.")
    if isinstance(error, RecordsUnavailable):
        return _problem(request, 503, "The records cannot be reached now: try again in a minute.")
    return _problem(request, 409, str(error))


async def _on_http_error(request: Request[Any], error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = {404: "There is no such page.", 405: "That cannot be done here."}
    return _problem(request, error.status_code, told.get(error.status_code, "This cannot be done."))


async def _on_crash(request: Request[Any], _: Exception) -> Response:
    # Starlette logs what it was.
    return _problem(request, 500, "Something of ours failed, and nothing was changed.")


def _problem(request: Request[Any], status: int, sentence: str) -> Response:
    return page(request, "problem.html", {"status": status, "sentence": sentence}, status=status)

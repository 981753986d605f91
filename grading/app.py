"""The service over HTTP: its health and figures. The gradings go on while it runs."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypedDict

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from grading.asking import Models
from grading.marking import Marking
from grading.service import Service
from grading.settings import Settings
from records.errors import RecordsError
from records.grading_store import GradingStore

logger = logging.getLogger(__name__)


class State(TypedDict):
    """What is open while the service runs."""

    store: GradingStore
    service: Service
    task: asyncio.Task[None]


def create_app(settings: Settings) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[State]:
        store = await GradingStore.open(settings.database_url)
        async with Models(settings) as models:
            await tell_models(settings, models)
            service = Service(store, settings, Marking(store, settings, models))
            task = asyncio.create_task(service.run())
            try:
                yield State(store=store, service=service, task=task)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        await store.close()

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ],
        lifespan=lifespan,
    )


async def tell_models(settings: Settings, models: Models) -> None:
    """Into the log: who marks, and whom the server does not know."""
    if not settings.models:
        logger.warning("GROQ_API_KEY is not set: keywords give marks, which are provisional")
        return
    logger.info("graders: %s", ", ".join(settings.models))
    for model in await models.missing():
        logger.error("the server does not list %s: see GRADING_MODELS", model)


async def healthz(_: Request[Any]) -> Response:
    return JSONResponse({"status": "alive"})


async def readyz(request: Request[State]) -> Response:
    """503 with the reason while the database cannot be used, or nobody looks at the queue."""
    try:
        await request.state["store"].beats()
    except RecordsError as error:
        return _unready(f"{str(error).rstrip('.')}.")
    if request.state["task"].done() or request.state["service"].stalled:
        return _unready("The queue is not being looked at.")
    return JSONResponse({"status": "ready"})


async def metrics(_: Request[Any]) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _unready(why: str) -> Response:
    body = {"error": {"code": "unavailable", "message": why}}
    return JSONResponse(body, 503, {"retry-after": "5", "cache-control": "no-store"})

"""The application: its routes, and the queue that they share."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from local_providers.decode_queue import DecodeQueue
from local_providers.engines import Engines
from local_providers.faults import Faults
from local_providers.listen import listen
from local_providers.speak import speak_batch, speak_stream

log = logging.getLogger(__name__)


def application(engines: Engines, origin: str, faults: Faults | None = None) -> ASGIApp:
    """Serves `engines`; `origin` is only told to whoever reads the log. `faults`: on request."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.engines = engines
        app.state.queue = DecodeQueue(engines.whisper.decode)
        serving = asyncio.create_task(app.state.queue.run())
        log.info("Local speech on %s. API keys are not checked: any is accepted.", origin)
        yield
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving
        engines.voice.close()

    app = Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/v1/speak", speak_batch, methods=["POST"]),
            WebSocketRoute("/v1/speak", speak_stream),
            WebSocketRoute("/v2/listen", listen),
            *(faults.routes if faults else ()),
        ],
        lifespan=lifespan,
    )
    return faults.around(app) if faults else app


async def healthz(request: Request) -> JSONResponse:
    """200 from the moment the models are loaded: the server does not listen before."""
    return JSONResponse({"status": "ok"})

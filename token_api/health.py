"""Whether the service lives, and whether it can do its work."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from records.errors import RecordsError
from token_api.errors import unavailable
from token_api.rooms import LiveKitUnavailable
from token_api.sessions import State


async def healthz(_: Request[State]) -> Response:
    return JSONResponse({"status": "alive"})


async def readyz(request: Request[State]) -> Response:
    """503 with the reason while the database or LiveKit cannot be used."""
    try:
        await request.state["records"].check()
        await request.state["rooms"].check()
    except (RecordsError, LiveKitUnavailable) as error:
        raise unavailable(f"{str(error).rstrip('.')}.") from error
    return JSONResponse({"status": "ready"})

"""The sound of a sitting, in the pieces that a browser asks for."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from desk.errors import not_found
from desk.session import place_of, teacher_of
from desk.state import State
from records.recordings import RecordingStore

_CHUNK = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


async def play(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    place = await place_of(request, teacher)
    files = request.state["files"]
    whole = await RecordingStore(request.state["store"].engine).recording(place.sitting_id)
    if files is None or whole is None:
        raise not_found()
    try:
        file = await asyncio.to_thread(files.open, whole.path)
    except FileNotFoundError:
        raise not_found() from None
    start, end = asked(request.headers.get("range"), whole.size)
    headers = {"accept-ranges": "bytes", "content-length": str(max(0, end - start + 1))}
    if start > end:
        await asyncio.to_thread(file.close)
        return Response(status_code=416, headers={"content-range": f"bytes */{whole.size}"})
    status = 200
    if "range" in request.headers:
        status = 206
        headers["content-range"] = f"bytes {start}-{end}/{whole.size}"
    return StreamingResponse(
        _bytes(file, start, end), status, headers=headers, media_type="audio/ogg"
    )


def asked(header: str | None, size: int) -> tuple[int, int]:
    """The first and the last byte; first > last where there are none."""
    match = _RANGE.fullmatch(header or "")
    if match is None or match[0] == "bytes=-":
        return 0, size - 1
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last) if last else size - 1, size - 1)


async def _bytes(file: Any, start: int, end: int) -> AsyncIterator[bytes]:
    try:
        await asyncio.to_thread(file.seek, start)
        left = end - start + 1
        while left > 0:
            data = await asyncio.to_thread(file.read, min(_CHUNK, left))
            if not data:
                return
            left -= len(data)
            yield data
    finally:
        await asyncio.to_thread(file.close)


routes = [Route("/sittings/{sitting_id}/audio", play)]

"""Results as files, and a sitting as a page to print."""

from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from desk.errors import not_found
from desk.pages import page
from desk.session import exam_of, place_of, teacher_of
from desk.state import State
from records.export_results import read_result, read_results
from records.export_rows import spent
from records.exporting import FORMATS, export


async def results(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    exam_id = exam_of(request, teacher)
    format_ = next((each for each in FORMATS if each == request.path_params["format"]), None)
    if format_ is None:
        raise not_found()
    pages = read_results(request.state["store"].reading, exam_id)
    pieces = _whole_steps(export(pages, exam_id, format_))
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    named = "".join(char if char.isalnum() or char in "-_." else "_" for char in exam_id)
    named = named.encode("ascii", "replace").decode().replace("?", "_")
    attached = f'attachment; filename="{named}-{day}.{format_}"'
    headers = {"content-disposition": attached}
    return StreamingResponse(pieces, media_type=FORMATS[format_], headers=headers)


async def _whole_steps(pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """A browser that goes away ends it between two pieces, never inside a transaction."""
    try:
        while True:
            with anyio.CancelScope(shield=True):
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece
    finally:
        with anyio.CancelScope(shield=True):
            await pieces.aclose()


async def printed(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    place = await place_of(request, teacher)
    store = request.state["store"]
    view = await store.sitting(place.sitting_id)
    async with store.reading() as connection:
        result = await read_result(connection, place.sitting_id)
    assert result is not None
    values = {
        "view": view,
        "sitting": view.material.sitting,
        "result": result,
        "questions": {each["id"]: each for each in view.material.sitting.paper["questions"]},
        "said": {each.question_id: each for each in view.material.answers},
        "spent": spent(result.paid),
    }
    return page(request, "print.html", values, teacher=teacher)


routes = [
    Route("/exams/{exam_id}/results.{format}", results),
    Route("/sittings/{sitting_id}/print", printed),
]

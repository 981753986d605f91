"""The student's result, by the link of their invitation, and their appeal against it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from desk.errors import PageError
from desk.pages import environment
from desk.result_session import (
    PATH,
    LinkNeededError,
    admit,
    fields_of,
    invitation_of,
    leave,
    student_of,
    token_in,
)
from desk.result_sheet import sheet
from desk.state import State
from records.errors import AppealRefused, RecordsUnavailable, UnknownSitting
from records.results import LONGEST_APPEAL, Results

_HIDDEN = "There is nothing here, or it is not yours to see."
_DOWN = "The records cannot be reached now. Please try again in a minute."


async def enter(_: Request[State]) -> Response:
    """The link leads here, with its token behind `#`; the page's script sends it on."""
    return _page("result_enter.html", {})


async def open_session(request: Request[State]) -> Response:
    try:
        invitation = await invitation_of(request, await token_in(request))
    except PageError as error:
        return JSONResponse({"error": {"message": str(error)}}, error.status)
    except RecordsUnavailable:
        return JSONResponse({"error": {"message": _DOWN}}, 503)
    response = Response(status_code=204)
    admit(request, response, invitation)
    return response


async def view(request: Request[State]) -> Response:
    """The only sitting, or a list of them all."""
    try:
        student = await student_of(request)
        attempts = await Results(request.state["store"].engine).attempts(student.invitation)
    except (PageError, RecordsUnavailable) as error:
        return _problem(error)
    if len(attempts) == 1:
        return RedirectResponse(f"{PATH}/view/{attempts[0].sitting_id}", 303)
    return _page("result_list.html", {"attempts": attempts, "csrf": student.csrf})


async def show(request: Request[State]) -> Response:
    return await _show(request)


async def appeal(request: Request[State]) -> Response:
    sitting_id = request.path_params["sitting_id"]
    form: dict[str, str] = {}
    try:
        student = await student_of(request)
        form = await fields_of(request, student)
        await Results(request.state["store"].engine).appeal(
            student.invitation, sitting_id, form.get("question") or None, form.get("text", "")
        )
    except AppealRefused as refusal:
        return await _show(request, refused=str(refusal), form=form)
    except (PageError, UnknownSitting, RecordsUnavailable) as error:
        return _problem(error)
    return RedirectResponse(f"{PATH}/view/{sitting_id}?appealed=yes", 303)


async def close_session(request: Request[State]) -> Response:
    try:
        await fields_of(request, await student_of(request))
    except (PageError, RecordsUnavailable) as error:
        return _problem(error)
    response = _page("result_problem.html", {"sentence": "Your result is closed."})
    leave(response)
    return response


async def _show(
    request: Request[State], refused: str | None = None, form: dict[str, str] | None = None
) -> Response:
    sitting_id = request.path_params["sitting_id"]
    try:
        student = await student_of(request)
        results = Results(request.state["store"].engine)
        result = await results.result(student.invitation, sitting_id)
        several = len(await results.attempts(student.invitation)) > 1
    except (PageError, UnknownSitting, RecordsUnavailable) as error:
        return _problem(error)
    waits = any(each.state == "open" for each in result.appeals)
    values: dict[str, Any] = {
        "several": several,
        "attempt": result.attempt,
        "title": result.title,
        "csrf": student.csrf,
        "sheet": sheet(result) if result.material else None,
        "longest": LONGEST_APPEAL,
        "refused": refused,
        "form": form or {},
        "appealed": waits and "appealed" in request.query_params and not refused,
    }
    return _page("result_view.html", values, 409 if refused else 200)


def _problem(error: Exception) -> Response:
    if isinstance(error, PageError):
        status, sentence = error.status, str(error)
    elif isinstance(error, UnknownSitting):
        status, sentence = 404, _HIDDEN
    else:
        status, sentence = 503, _DOWN
    response = _page("result_problem.html", {"sentence": sentence}, status)
    if isinstance(error, LinkNeededError):
        leave(response)
    return response


def _page(template: str, values: dict[str, Any], status: int = 200) -> HTMLResponse:
    return HTMLResponse(environment.get_template(template).render(values), status)


routes = [
    Route(PATH, enter),
    Route(f"{PATH}/session", open_session, methods=["POST"]),
    Route(f"{PATH}/view", view),
    Route(f"{PATH}/view/{{sitting_id}}", show),
    Route(f"{PATH}/view/{{sitting_id}}/appeals", appeal, methods=["POST"]),
    Route(f"{PATH}/close", close_session, methods=["POST"]),
]

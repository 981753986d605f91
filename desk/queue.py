"""The list of sittings, those that need the teacher first."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desk.numbers import whole
from desk.pages import back, page
from desk.session import exam_of, form_of, teacher_of
from desk.state import State
from records.desk_queue import PAGE, STANDS, Wanted

_TEXT = 128
_PAGES = 100_000


async def show(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    wanted = _wanted(request.query_params)
    store = request.state["store"]
    found = await store.queue(teacher, wanted)
    exams = await store.exams(teacher)
    values = {
        "wanted": wanted,
        "found": found,
        "exams": exams,
        "stands": STANDS,
        "pages": max(1, -(-found.found // PAGE)),
        "appeals": await store.open_appeals(teacher),
    }
    return page(request, "queue.html", values, teacher=teacher)


async def release_all(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    exam_id = exam_of(request, teacher)
    await form_of(request)
    given, left = await request.state["store"].release_all(exam_id, teacher.name)
    note = f"{len(given)} results of {exam_id} are given to their students."
    if left:
        names = ", ".join(each[:8] for each in left[:10])
        note += f" {len(left)} are not wholly marked and stay here: {names}."
    return back(request, f"/?exam={exam_id}", note)


def _wanted(query: Mapping[str, str]) -> Wanted:
    stand = query.get("stand", "")
    return Wanted(
        exam_id=query.get("exam", "").replace("\0", "") or None,
        stand=next((each for each in STANDS if each == stand), None),
        text=query.get("text", "").replace("\0", "").strip()[:_TEXT],
        page=min(max(1, whole(query.get("page", "")) or 1), _PAGES),
    )


routes = [
    Route("/", show),
    Route("/exams/{exam_id}/release", release_all, methods=["POST"]),
]

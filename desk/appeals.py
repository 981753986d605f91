"""What students say against their marks, and what they are answered."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desk.errors import not_found
from desk.numbers import whole
from desk.pages import back, page
from desk.session import form_of, teacher_of
from desk.state import State


async def show(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    listed = await request.state["store"].appeals(teacher)
    return page(request, "appeals.html", {"listed": listed}, teacher=teacher)


async def answer(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    store = request.state["store"]
    appeal_id = whole(request.path_params["appeal_id"])
    place = None if appeal_id is None else await store.appeal(appeal_id)
    if appeal_id is None or place is None or not teacher.may_see(place.exam_id):
        raise not_found()
    form = await form_of(request)
    await store.answer_appeal(appeal_id, form["reply"], teacher.name)
    to = f"/sittings/{place.sitting_id}#appeals" if form["from"] == "sitting" else "/appeals"
    return back(request, to, "The student sees your answer beside the appeal.")


routes = [
    Route("/appeals", show),
    Route("/appeals/{appeal_id}", answer, methods=["POST"]),
]

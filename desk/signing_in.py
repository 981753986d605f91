"""In by name and password, and out again."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desk.errors import SignInNeeded
from desk.pages import back, page
from desk.session import form_of, sign_in, teacher_of
from desk.state import State


async def show(request: Request[State]) -> Response:
    try:
        await teacher_of(request)
    except SignInNeeded:
        return page(request, "sign_in.html", {"name": "", "problem": None})
    return back(request, "/")


async def enter(request: Request[State]) -> Response:
    form = await form_of(request)
    name, throttle = form["name"], request.state["throttle"]
    # By a hash of the name: what somebody types into the wrong field is nobody's to keep.
    who = (f"name:{hash(name)}", f"address:{request.client.host if request.client else ''}")
    await throttle.check(*who)
    teacher = await request.state["store"].signed_in(name, form.fields.get("password", ""))
    if teacher is None:
        await throttle.failed(*who)
        problem = "No teacher has that name and password."
        return page(request, "sign_in.html", {"name": name, "problem": problem}, status=401)
    sign_in(request, teacher)
    return back(request, "/")


async def leave(request: Request[State]) -> Response:
    await form_of(request)
    request.session.clear()
    return back(request, "/sign-in")


routes = [
    Route("/sign-in", show),
    Route("/sign-in", enter, methods=["POST"]),
    Route("/sign-out", leave, methods=["POST"]),
]

"""What a teacher does to a sitting: each is a form on its page, and leads back to it."""

import math

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desk.errors import bad_form
from desk.numbers import whole
from desk.pages import back
from desk.session import Form, form_of, place_of, teacher_of
from desk.state import State
from records.desk_store import DeskStore
from records.teachers import Teacher


async def _begin(request: Request[State]) -> tuple[DeskStore, Teacher, str, Form]:
    teacher = await teacher_of(request)
    place = await place_of(request, teacher)
    return request.state["store"], teacher, place.sitting_id, await form_of(request)


async def override(request: Request[State]) -> Response:
    store, teacher, sitting_id, form = await _begin(request)
    question = form["question"]
    await store.override(sitting_id, question, _mark(form["marks"]), form["reason"], teacher.name)
    return back(request, f"/sittings/{sitting_id}#{question}", "Your mark holds from now on.")


async def correct(request: Request[State]) -> Response:
    store, teacher, sitting_id, form = await _begin(request)
    turn = whole(form["turn"])
    if turn is None:
        raise bad_form("Which words are to be corrected was not said.")
    await store.correct(sitting_id, turn, form["text"], form["reason"], teacher.name)
    note = "What stood there is kept; the answer is being marked again."
    return back(request, f"/sittings/{sitting_id}#turn-{turn}", note)


async def ask_again(request: Request[State]) -> Response:
    store, teacher, sitting_id, form = await _begin(request)
    await store.ask_again(sitting_id, form.all_of("question"), teacher.name)
    return back(request, f"/sittings/{sitting_id}", "It is being marked again.")


async def reopen(request: Request[State]) -> Response:
    store, teacher, sitting_id, _ = await _begin(request)
    await store.reopen(sitting_id, teacher.name)
    return back(request, f"/sittings/{sitting_id}", "The student's link leads back into the exam.")


async def release(request: Request[State]) -> Response:
    store, teacher, sitting_id, _ = await _begin(request)
    await store.release(sitting_id, teacher.name)
    return back(request, f"/sittings/{sitting_id}", "The student sees the result from now on.")


async def withdraw(request: Request[State]) -> Response:
    store, teacher, sitting_id, _ = await _begin(request)
    await store.withdraw(sitting_id, teacher.name)
    return back(request, f"/sittings/{sitting_id}", "The student does not see the result any more.")


def _mark(text: str) -> float:
    try:
        mark = float(text.replace(",", "."))
    except ValueError:
        mark = math.nan
    if not math.isfinite(mark):
        raise bad_form("The mark must be a number.")
    return mark


routes = [
    Route(f"/sittings/{{sitting_id}}/{name}", act, methods=["POST"])
    for name, act in {
        "override": override,
        "correct": correct,
        "ask-again": ask_again,
        "reopen": reopen,
        "release": release,
        "withdraw": withdraw,
    }.items()
]

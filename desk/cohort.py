"""The page of an exam: how all who sat it did, drawn and in tables."""

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desk import plots
from desk.errors import PageError, not_found
from desk.pages import page
from desk.session import exam_of, teacher_of
from desk.state import State
from records.cohort import Cohort, Course, read_cohort, read_course
from records.cohort_queries import Prints, fingerprint
from records.errors import UnknownExam

#: Figures change seldom, and finding out whether they did is quick.
_MOST = 64
_figures: dict[tuple[str, str], "_Kept"] = {}


@dataclass(frozen=True)
class _Kept:
    prints: Prints
    course: Course
    cohort: Cohort


async def listed(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    exams = await request.state["store"].exams(teacher)
    return page(request, "exams.html", {"exams": exams}, teacher=teacher)


async def show(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    cohort = await _cohort(request, exam_of(request, teacher))
    values = {
        "cohort": cohort,
        "plots": plots.of(cohort),
        "histogram": plots.marks_table(cohort),
    }
    return page(request, "cohort.html", values, teacher=teacher)


async def plot(request: Request[State]) -> Response:
    """The digest in the address is of the figures, so that it may be kept by the browser."""
    teacher = await teacher_of(request)
    cohort = await _cohort(request, exam_of(request, teacher))
    name = request.path_params["name"]
    known = {each.name: each for each in plots.of(cohort)}
    if name not in known:
        raise not_found()
    drawn = await run_in_threadpool(plots.draw, known[name])
    # For this teacher's browser only, and only while the figures are these.
    kept = {"cache-control": "private, max-age=3600"}
    return Response(drawn, media_type="image/svg+xml", headers=kept)


async def _cohort(request: Request[State], exam_id: str) -> Cohort:
    store = request.state["store"]
    key = (str(store.engine.url), exam_id)
    try:
        async with store.reading() as connection:
            prints = await fingerprint(connection, exam_id)
            kept = _figures.get(key)
            if kept and kept.prints == prints:
                return kept.cohort
            is_same = kept is not None and kept.prints.course == prints.course
            course = kept.course if kept and is_same else await read_course(connection, exam_id)
            cohort = await read_cohort(connection, exam_id, datetime.now(UTC), course)
    except UnknownExam:
        sentence = "No paper of this exam is published, and nobody has sat it."
        raise PageError(404, sentence) from None
    if len(_figures) >= _MOST:
        _figures.pop(next(iter(_figures)), None)
    _figures[key] = _Kept(prints, course, cohort)
    return cohort


routes = [
    Route("/exams", listed),
    Route("/exams/{exam_id}", show),
    Route("/exams/{exam_id}/plots/{digest:str}/{name}.svg", plot),
]

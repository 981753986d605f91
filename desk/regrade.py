"""A cohort that was marked anew: who would change by it, and the button that lets it hold."""

import hashlib
import json
from collections import Counter

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desk.numbers import whole
from desk.pages import back, page
from desk.session import exam_of, form_of, teacher_of
from desk.state import State
from records.comparing import Comparison
from records.errors import UnknownExam
from records.regrading import Regrading

#: Students on one page.
_ON_PAGE = 100


async def show(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    exam_id = exam_of(request, teacher)
    comparison = await _comparison(request, exam_id)
    changed = comparison.changed
    last = max(1, -(-len(changed) // _ON_PAGE))
    number = min(max(1, whole(request.query_params.get("page", "")) or 1), last)
    values = {
        "comparison": comparison,
        "listed": changed[(number - 1) * _ON_PAGE : number * _ON_PAGE],
        "higher": sum((each.difference or 0) > 0 for each in changed),
        "lower": sum((each.difference or 0) < 0 for each in changed),
        "provisional": any(each.provisional for each in comparison.students),
        "number": number,
        "last": last,
        "shown": fingerprint(comparison),
    }
    return page(request, "regrade.html", values, teacher=teacher)


async def adopt(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    exam_id = exam_of(request, teacher)
    form = await form_of(request)
    to = f"/exams/{exam_id}/regrade"
    comparison = await _comparison(request, exam_id)
    if form["shown"] != fingerprint(comparison):
        return back(request, to, "More was marked since you looked. Nothing was adopted.")
    adopted = await _regrading(request).adopt(comparison.versions, teacher.name)
    note = f"The new marks hold for {len(adopted.taken)} of {len(comparison.versions)} sittings."
    # By their reason: a cookie holds no list of names.
    for reason, count in Counter(adopted.left.values()).items():
        note += f" {count} left as before: {reason}."
    return back(request, to, note)


def fingerprint(comparison: Comparison) -> str:
    """Of what a teacher agrees to: it changes with any mark that is shown."""
    shown = [
        [one.sitting_id, one.old_version, one.new_version, one.old_total, one.new_total]
        for one in sorted(comparison.students, key=lambda one: one.sitting_id)
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


async def _comparison(request: Request[State], exam_id: str) -> Comparison:
    try:
        return await _regrading(request).compare(exam_id)
    except UnknownExam:
        # It is there, and nobody has sat it yet.
        return Comparison(exam_id, [], [], [])


def _regrading(request: Request[State]) -> Regrading:
    return Regrading(request.state["store"].engine)


routes = [
    Route("/exams/{exam_id}/regrade", show),
    Route("/exams/{exam_id}/regrade/adopt", adopt, methods=["POST"]),
]

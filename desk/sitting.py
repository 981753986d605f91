"""One sitting: what was said, what it is worth and why, and the forms to have the last word."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from desk import transcript
from desk.errors import not_found
from desk.numbers import whole
from desk.pages import page
from desk.session import place_of, teacher_of
from desk.state import State
from records.desk_sitting import SittingView
from records.effective import EffectiveMark, Override, total
from records.marking import Mark
from records.model import AnswerView, Json
from records.recordings import RecordingStore


@dataclass(frozen=True)
class Answered:
    """A question with all that came of it. `points`: of its key, by their ids."""

    number: int
    question: Json
    answer: AnswerView
    points: dict[str, Json]
    mark: Mark | None
    effective: EffectiveMark | None
    overrides: list[Override]
    at_ms: int | None


async def show(request: Request[State]) -> Response:
    teacher = await teacher_of(request)
    place = await place_of(request, teacher)
    store = request.state["store"]
    asked = request.query_params.get("version", "")
    version = whole(asked)
    view = await store.sitting(place.sitting_id, version)
    if version is not None and view.shown is None:
        raise not_found()
    recording = await RecordingStore(store.engine).recording(place.sitting_id)
    lines = transcript.lines(view, recording)
    sitting = view.material.sitting
    values = {
        "sitting": sitting,
        "view": view,
        "lines": lines,
        "answers": _answers(view, lines),
        "total": total(view.effective),
        "out_of": sum(each.out_of for each in view.effective),
        "provisional": any(each.provisional for each in view.effective),
        "recording": recording if request.state["files"] is not None else None,
        "spent": _spent(view),
        "over": sitting.status in ("finished", "abandoned"),
        "holds": view.shown is not None and view.shown.current,
    }
    return page(request, "sitting.html", values, teacher=teacher)


def _answers(view: SittingView, lines: list[transcript.Line]) -> list[Answered]:
    paper = view.shown.paper if view.shown and view.shown.paper else view.material.sitting.paper
    questions = {each["id"]: each for each in paper.get("questions", [])}
    marks = {each.question_id: each for each in view.marks}
    effective = {each.question_id: each for each in view.effective}
    begun: dict[str, int] = {}
    for line in lines:
        if line.question_id and line.at_ms is not None and line.speaker == "student":
            begun.setdefault(line.question_id, line.at_ms)
    made = []
    for number, answer in enumerate(view.material.answers, 1):
        question: dict[str, Any] = questions.get(answer.question_id, {"ask": answer.question_id})
        made.append(
            Answered(
                number=number,
                question=question,
                answer=answer,
                points={point["id"]: point for point in question.get("points", [])},
                mark=marks.get(answer.question_id),
                effective=effective.get(answer.question_id),
                overrides=[w for w in view.overrides if w.question_id == answer.question_id],
                at_ms=begun.get(answer.question_id),
            )
        )
    return made


def _spent(view: SittingView) -> dict[str, float]:
    """By currency."""
    sums: dict[str, float] = {}
    for cost in view.costs:
        if cost.amount is not None and cost.currency is not None:
            sums[cost.currency] = sums.get(cost.currency, 0.0) + cost.amount
    return sums


routes = [Route("/sittings/{sitting_id}", show)]

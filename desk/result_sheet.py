"""A result as a student reads it: what they were asked, what they said, what it is worth.

How much is told is the paper's choice (`feedback`). Graders and other students are never in it.
"""

from dataclasses import dataclass
from typing import Literal

from exam_graph.complete import missing, reached, solution
from exam_graph.paper import (
    LETTERS,
    ChoiceQuestion,
    Feedback,
    Language,
    OpenQuestion,
    Paper,
    Question,
)
from exam_graph.state import Answer
from records.desk_sitting import Appeal
from records.effective import EffectiveMark
from records.marking import Mark
from records.model import AnswerView
from records.results import Result

Reached = Literal["reached", "partly", "missed"]


@dataclass(frozen=True)
class PointLine:
    """`what`: the author's words. `marks` is None in a practice."""

    what: str
    reached: Reached
    marks: float | None = None
    out_of: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Line:
    """One question. `mark` is None where the paper does not allow it, and in a practice.

    `corrected`: a teacher corrected what the recogniser had misheard
    `may_appeal`: no appeal of this question waits for an answer
    """

    number: int
    question_id: str
    ask: str
    options: list[tuple[str, str]]
    status: str
    said: str
    changed_to: list[str]
    value: str | None
    corrected: bool
    mark: EffectiveMark | None
    points: list[PointLine]
    explanation: str | None
    appeals: list[Appeal]
    may_appeal: bool


@dataclass(frozen=True)
class Sheet:
    title: str
    language: Language
    feedback: Feedback
    practice: bool
    total: float | None
    out_of: float
    provisional: bool
    lines: list[Line]
    appeals: list[Appeal]
    may_appeal: bool


def sheet(result: Result) -> Sheet:
    """Of a result that may be seen: one with its material."""
    material = result.material
    assert material is not None
    paper = Paper.from_dict(material.sitting.paper)
    practice = result.attempt.state == "practice"
    marks = {each.question_id: each for each in result.marks}
    answers = {each.question_id: each for each in material.answers}
    corrected = {turn.question_id for turn in material.turns if turn.number in material.corrected}
    places = {each.question_id: each.position for each in material.answers}
    places |= {each.question_id: each.position for each in result.marks}
    order = sorted(places, key=lambda each: places[each])
    general = [each for each in result.appeals if each.question_id is None]
    return Sheet(
        title=result.title,
        language=paper.language,
        feedback=paper.feedback,
        practice=practice,
        total=result.total,
        out_of=sum(each.out_of for each in result.marks),
        provisional=any(each.provisional for each in result.marks),
        lines=[
            _line(
                number,
                paper,
                paper.question(question_id),
                answers.get(question_id),
                marks.get(question_id),
                [each for each in result.appeals if each.question_id == question_id],
                corrected=question_id in corrected,
                practice=practice,
            )
            for number, question_id in enumerate(order, 1)
        ],
        appeals=general,
        may_appeal=not practice and all(each.state != "open" for each in general),
    )


def _line(
    number: int,
    paper: Paper,
    question: Question,
    answer: AnswerView | None,
    mark: EffectiveMark | None,
    appeals: list[Appeal],
    *,
    corrected: bool,
    practice: bool,
) -> Line:
    points = []
    if practice and answer:
        points = _practised(question, answer)
    elif paper.feedback == "full" and mark and mark.mark and not mark.overridden:
        points = _marked(question, mark.mark)
    lacking = any(each.reached != "reached" for each in points)
    shown = mark if paper.feedback != "none" else None
    return Line(
        number=number,
        question_id=question.id,
        ask=question.ask,
        options=_options(question),
        status=answer.status if answer else "unanswered",
        said=answer.text if answer else "",
        changed_to=[each.text for each in answer.revisions] if answer else [],
        value=answer.value if answer else None,
        corrected=corrected,
        mark=shown,
        points=points,
        explanation=question.model_answer if practice and lacking else None,
        appeals=appeals,
        may_appeal=shown is not None and all(each.state != "open" for each in appeals),
    )


def _options(question: Question) -> list[tuple[str, str]]:
    if not isinstance(question, ChoiceQuestion):
        return []
    return [
        (letter, option.text) for letter, option in zip(LETTERS, question.options, strict=False)
    ]


def _marked(question: Question, mark: Mark) -> list[PointLine]:
    """What the graders settled on, in the author's words. An answer that nobody could mark has no
    points that were reached or missed."""
    named = {}
    if isinstance(question, OpenQuestion):
        named = {point.id: point.looks_for for point in question.points}
    lines = []
    for point in mark.points:
        if point.get("marks") is None:
            continue
        given, out_of = float(point["marks"]), float(point["out_of"])
        state: Reached = "reached" if given >= out_of else "partly" if given > 0 else "missed"
        what = named.get(point["id"]) or (
            point["id"] if isinstance(question, OpenQuestion) else solution(question)
        )
        lines.append(PointLine(what, state, given, out_of, str(point.get("reason") or "")))
    return lines


def _practised(question: Question, answer: AnswerView) -> list[PointLine]:
    known = Answer(
        covered=answer.covered,
        probes=[],
        flags=[],
        value=answer.value,
        answer_ms=0,
        hints=0,
        unclear=0,
    )
    return [
        *(PointLine(each, "reached") for each in reached(question, known)),
        *(PointLine(each, "missed") for each in missing(question, known)),
    ]

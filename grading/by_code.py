"""Marks that no model is asked for: nothing was said, or there is one exact answer, or no model.

A 0 comes of it only where the record says that the student left the question, did not know, or
was silent, and nothing of ours had failed.
"""

import math
from collections.abc import Sequence

from exam_graph.paper import OpenQuestion
from grading import flags as flag
from grading.call import points_of
from grading.doubt import THRESHOLD as DOUBT
from grading.exact import exact_mark
from grading.keyword import keyword_marks
from grading.quotes import find_quote
from grading.settling import common_flags, rests_on_doubt
from grading.sheet import Sheet
from records.marking import Mark
from records.model import Json

# A student who gives up needs few words for it; in more there may be an attempt.
_SHORT = 12
_REASONS = {
    "skipped": "The student left this question.",
    "dont_know": "The student did not know.",
    "unanswered": "The student said nothing.",
}


def mark_by_code(sheet: Sheet, *, doubt: float = DOUBT) -> Mark | None:
    """None: graders have to be asked."""
    if not isinstance(sheet.question, OpenQuestion):
        return _mark_exactly(sheet, doubt)
    if sheet.remaining and not (sheet.gave_up and len(sheet.text.split()) <= _SHORT):
        return None
    return _mark_silence(sheet)


def mark_by_keywords(sheet: Sheet, *, doubt: float = DOUBT) -> Mark:
    """Without a model: provisional. The words that speak to whoever marks are left out."""
    points = _by_keywords(sheet, sheet.remaining)
    more = []
    if sheet.addressed and _total(_by_keywords(sheet, sheet.said)) != _total(points):
        more = [flag.DEPENDS_ON_ADDRESS]
    return _mark(sheet, points, doubt, provisional=True, more=more)


def _by_keywords(sheet: Sheet, said: Sequence[tuple[int, str]]) -> list[Json]:
    text = "\n".join(words for _, words in said)
    found = keyword_marks(sheet.question, text, sheet.value, sheet.language)
    return [_checked(point, said, sheet.language) for point in found]


def _total(points: Sequence[Json]) -> float:
    return math.fsum(point["marks"] for point in points)


def _mark_exactly(sheet: Sheet, doubt: float) -> Mark:
    assert not isinstance(sheet.question, OpenQuestion)
    if not sheet.said and not sheet.value:
        return _mark_silence(sheet)
    point = exact_mark(sheet.question, sheet.text, sheet.value, sheet.language)
    if point is None:
        if sheet.gave_up:
            return _mark_silence(sheet)
        return _mark(sheet, [], doubt)
    return _mark(sheet, [_checked(point, sheet.said, sheet.language)], doubt)


def _mark_silence(sheet: Sheet) -> Mark:
    reason = _REASONS.get(sheet.status or "", _REASONS["unanswered"])
    more = []
    if sheet.remaining:
        reason = _REASONS["dont_know"]
    elif sheet.said:
        reason = "The words are not an answer, but speak to whoever marks it."
    elif sheet.status == "unanswered" and not sheet.asked:
        reason = "The exam was over before this question."
        more = [flag.NOT_REACHED]
    points = [_nothing(point, out_of, reason) for point, out_of in _key(sheet)]
    # An exam that broke off says nothing of what was not answered yet.
    broken_off = sheet.status in (None, "open") or (
        sheet.abandoned and sheet.status == "unanswered"
    )
    return _mark(sheet, [] if broken_off else points, 0.0, more=more)


def _mark(
    sheet: Sheet,
    points: Sequence[Json],
    doubt: float,
    *,
    provisional: bool = False,
    more: Sequence[str] = (),
) -> Mark:
    flags = [*common_flags(sheet), *more]
    marks = None
    if points:
        marks = min(sheet.question.marks, _total(points))
    if marks == 0 and sheet.flags & (flag.TECHNICAL | flag.NOT_UNDERSTOOD):
        marks = None
    if marks is None:
        flags.append(flag.NEEDS_REVIEW)
    elif rests_on_doubt(sheet, points, doubt):
        flags.append(flag.LOW_CONFIDENCE)
    if provisional:
        flags.append(flag.PROVISIONAL)
    return Mark(
        question_id=sheet.question.id,
        position=sheet.position,
        state="ungraded" if marks is None else "graded",
        marks=marks,
        out_of=sheet.question.marks,
        spread=None,
        provisional=provisional,
        points=list(points) if marks is not None else [],
        flags=list(dict.fromkeys(flags)),
        graders=[],
        paper_hash=sheet.paper_hash,
        answer_hash=sheet.answer_hash,
    )


def _checked(point: Json, said: Sequence[tuple[int, str]], language: str) -> Json:
    """With the turns of its quotes; what cannot be quoted earns nothing, but in an exact answer."""
    quotes = [find_quote(quoted, said, language) for quoted in point["quotes"]]
    found = [vars(quote) for quote in quotes if quote is not None]
    earned = found or point["id"] == "answer"
    return {**point, "marks": point["marks"] if earned else 0.0, "quotes": found}


def _key(sheet: Sheet) -> list[tuple[str, float]]:
    points = [(point.id, point.marks) for point in points_of(sheet.question)]
    return points or [("answer", sheet.question.marks)]


def _nothing(point: str, out_of: float, reason: str) -> Json:
    return {"id": point, "marks": 0.0, "out_of": out_of, "quotes": [], "reason": reason}

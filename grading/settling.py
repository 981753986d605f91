"""Makes the mark of an answer out of what its graders said: the median of each point."""

import math
from collections.abc import Sequence
from statistics import median

from grading import flags as flag
from grading.doubt import THRESHOLD as DOUBT
from grading.doubt import doubtful
from grading.hearing import Given
from grading.opinion import Opinion
from grading.panel import THRESHOLD, Panel, Voice, disagree, spread
from grading.prompting import prompt_hash
from grading.quotes import Quote
from grading.sheet import Sheet, steered
from records.marking import Mark
from records.model import Json

#: Marks of a point come in quarters of it.
STEPS = 4
_MOST_QUOTES = 3
_TOLERANCE = 1e-9


def settle(
    sheet: Sheet,
    panel: Panel,
    graders: int,
    *,
    threshold: float = THRESHOLD,
    doubt: float = DOUBT,
) -> Mark:
    """`panel` is complete; `graders`: how many there should be."""
    opinions = list(panel.last.values())
    flags = _flags(sheet, panel, graders, threshold)
    points = settled_points(sheet, opinions) if opinions else []
    marks = _total(sheet, points) if points else None
    if marks == 0 and _no_zero(sheet):
        marks = None
    if marks is None:
        points = []
        flags.append(flag.NEEDS_REVIEW)
    elif rests_on_doubt(sheet, points, doubt):
        flags.append(flag.LOW_CONFIDENCE)
    if marks is not None and _depends(sheet, panel, marks):
        flags.append(flag.DEPENDS_ON_ADDRESS)
    return Mark(
        question_id=sheet.question.id,
        position=sheet.position,
        state="ungraded" if marks is None else "graded",
        marks=marks,
        out_of=sheet.question.marks,
        spread=spread([one.marks for one in opinions]) if len(opinions) > 1 else None,
        provisional=False,
        points=points,
        flags=list(dict.fromkeys(flags)),
        graders=[_told(voice) for voice in panel.voices],
        paper_hash=sheet.paper_hash,
        answer_hash=sheet.answer_hash,
    )


def settled_points(sheet: Sheet, opinions: Sequence[Opinion]) -> list[Json]:
    """Each point's median; of two in the middle, what lies between, in the student's favour."""
    return [
        _settled(list(each)) for each in zip(*(opinion.points for opinion in opinions), strict=True)
    ]


def common_flags(sheet: Sheet) -> list[str]:
    """What is known of the answer, whoever marks it."""
    flags = sorted(sheet.flags)
    if steered(sheet):
        flags.append(flag.ADDRESS)
    if sheet.corrected:
        flags.append(flag.CORRECTED)
    return flags


def rests_on_doubt(sheet: Sheet, points: Sequence[Json], doubt: float) -> bool:
    """Whether the recogniser was unsure of what is quoted."""
    return any(
        doubtful(Quote(quote["text"], quote["turn"]), sheet.turns, doubt)
        for point in points
        for quote in point["quotes"]
    )


def _settled(given: Sequence[Json]) -> Json:
    out_of = given[0]["out_of"]
    step = out_of / STEPS
    middle = median(one["marks"] for one in given)
    marks = min(out_of, step * math.floor(middle / step + 0.5 + _TOLERANCE))
    nearest = sorted(given, key=lambda one: abs(one["marks"] - marks))
    shown = [one for one in nearest if (one["marks"] > 0) == (marks > 0)] or nearest
    quotes: list[Json] = []
    for quote in (quote for one in shown for quote in one["quotes"]):
        quotes += [] if quote in quotes else [quote]
    return {
        "id": given[0]["id"],
        "marks": marks,
        "out_of": out_of,
        "quotes": [each for at, each in enumerate(quotes) if each not in quotes[:at]][
            :_MOST_QUOTES
        ],
        "reason": shown[0]["reason"],
    }


def _total(sheet: Sheet, points: Sequence[Json]) -> float:
    return min(sheet.question.marks, math.fsum(point["marks"] for point in points))


def _flags(sheet: Sheet, panel: Panel, graders: int, threshold: float) -> list[str]:
    flags = common_flags(sheet)
    flags += [dropped.flag for dropped in panel.dropped]
    if graders > 1 and len(panel.last) < 2:
        flags.append(flag.FEW_GRADERS)
    if disagree(sheet, list(panel.last.values()), threshold):
        flags.append(flag.GRADERS_DISAGREE)
    return flags


def _no_zero(sheet: Sheet) -> bool:
    """Whether what is missing may be missing because of us, or for want of understanding."""
    return bool(sheet.flags & (flag.TECHNICAL | flag.NOT_UNDERSTOOD))


def _depends(sheet: Sheet, panel: Panel, marks: float) -> bool:
    if not sheet.addressed or not panel.whole:
        return False
    whole = _total(sheet, settled_points(sheet, list(panel.whole.values())))
    return abs(whole - marks) > _TOLERANCE


def _told(voice: Voice) -> Json:
    common: Json = {
        "name": f"grader {voice.grader + 1}",
        "model": voice.model,
        "prompt_hash": prompt_hash(),
        "round": voice.round,
        "words": voice.variant,
        "attempts": voice.heard.attempts,
    }
    if isinstance(voice.heard, Given):
        opinion = voice.heard.opinion
        return common | {
            "state": "given",
            "marks": opinion.marks,
            "points": opinion.points,
            "why": opinion.why,
        }
    return common | {
        "state": voice.heard.flag,
        "marks": None,
        "points": [],
        "why": voice.heard.why,
    }

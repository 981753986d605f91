"""The graders of one answer: who has said what, and whether they agree."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from grading.call import Call, Variant, deliberation, first_call
from grading.hearing import Ask, Dropped, Given, Later, Now, hear
from grading.opinion import Opinion
from grading.sheet import Sheet

#: Share of the question's marks by which graders may differ.
THRESHOLD = 0.25
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Voice:
    """What a grader came to in a round: an opinion, or why there is none."""

    grader: int
    model: str
    variant: Variant
    round: int
    heard: Given | Dropped


@dataclass
class Panel:
    """`asks` and `waits`: what is still to come; `voices`: all that was said, in its order.

    first, last: the opinions of the first round, and those that hold in the end, by grader
    whole: those on all words, where some of these speak to whoever marks
    """

    asks: list[Call] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    voices: list[Voice] = field(default_factory=list)
    first: dict[int, Opinion] = field(default_factory=dict)
    last: dict[int, Opinion] = field(default_factory=dict)
    whole: dict[int, Opinion] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return not self.asks and not self.waits

    @property
    def dropped(self) -> list[Dropped]:
        return [
            voice.heard
            for voice in self.voices
            if isinstance(voice.heard, Dropped) and voice.round == 1
        ]


def convene(sheet: Sheet, models: Sequence[str], now: Now, threshold: float = THRESHOLD) -> Panel:
    """As far as the replies go."""
    panel = Panel()
    firsts = {
        grader: first_call(sheet, grader, model, "remaining") for grader, model in enumerate(models)
    }
    for grader, call in firsts.items():
        _take(panel, panel.first, grader, call, sheet, now)
    if sheet.addressed:
        for grader, model in enumerate(models):
            call = first_call(sheet, grader, model, "whole")
            _take(panel, panel.whole, grader, call, sheet, now)
    if not panel.complete:
        return panel
    panel.last = dict(panel.first)
    if disagree(sheet, list(panel.first.values()), threshold):
        for grader, own in panel.first.items():
            others = [one.points for each, one in panel.first.items() if each != grader]
            call = deliberation(firsts[grader], own.points, others)
            # Who deliberates badly keeps the first opinion, which was checked.
            _take(panel, panel.last, grader, call, sheet, now)
    return panel


def disagree(sheet: Sheet, opinions: Sequence[Opinion], threshold: float) -> bool:
    """Whether the totals, or the marks of any point, lie too far apart."""
    if len(opinions) < 2:
        return False
    allowed = threshold * sheet.question.marks + _TOLERANCE
    points = zip(*(opinion.points for opinion in opinions), strict=True)
    apart = [spread([each["marks"] for each in point]) for point in points]
    return max(spread([opinion.marks for opinion in opinions]), *apart) > allowed


def spread(marks: Sequence[float]) -> float:
    return max(marks) - min(marks)


def _take(
    panel: Panel, opinions: dict[int, Opinion], grader: int, call: Call, sheet: Sheet, now: Now
) -> None:
    heard = hear(sheet, call, now)
    if isinstance(heard, Ask):
        panel.asks.append(heard.call)
    elif isinstance(heard, Later):
        panel.waits.append(heard.until)
    else:
        panel.voices.append(Voice(grader, call.model, call.variant, call.round, heard))
        if isinstance(heard, Given):
            opinions[grader] = heard.opinion

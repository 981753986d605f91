"""What a turn's reply owed to the providers: waiting for them, and guesses made too early. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.calls import Call, length
from bench.log import Event

Moments = tuple[float | None, float | None, float | None]
"""End of turn, first frame out, first frame of content out; seconds, None: not seen."""


@dataclass(frozen=True)
class Owing:
    """Of one turn that got a reply."""

    own: float
    """Seconds of the reply time in which no provider owed an answer."""
    waited: bool
    """A provider's answer came between end of turn and first frame."""
    content_waited: bool | None
    """The same to the first frame of content; None: there was no content."""
    guesses: int
    """Calls that were made on an eager end of turn."""
    wasted: int
    """Of them, those that nothing came of."""


def owing(made: list[Call] | None, ears: Sequence[Event], line: int, at: Moments) -> Owing | None:
    """`made`: all calls of the exam, None if they are not known; `ears`: what the recogniser told
    of this turn."""
    end_of_turn, out, content_out = at
    if made is None or end_of_turn is None or out is None:
        return None
    owed = [each for call in made if (each := call.waited(end_of_turn, out))]
    eager = next((event["t"] for event in ears if event["event"] == "eager"), end_of_turn)
    guesses = [call for call in made if eager <= call.begun < end_of_turn]
    return Owing(
        own=out - end_of_turn - length(owed),
        waited=_came(made, end_of_turn, out),
        content_waited=None if content_out is None else _came(made, end_of_turn, content_out),
        guesses=len(guesses),
        wasted=sum(_is_wasted(call, made, ears, line, end_of_turn) for call in guesses),
    )


def _came(made: list[Call], after: float, until: float) -> bool:
    return any(call.answered(after, until) for call in made)


def _is_wasted(
    call: Call, made: list[Call], ears: Sequence[Event], line: int, end_of_turn: float
) -> bool:
    """Its turn went on, it was broken off, or the model was asked again for the certain words."""
    resumed = any(
        event["event"] == "resumed" and call.begun < event["t"] <= end_of_turn for event in ears
    )
    again = call.provider == "groq" and any(
        other.provider == "groq" and other.line == line and other.begun >= end_of_turn
        for other in made
    )
    return resumed or again or call.cancelled is not None

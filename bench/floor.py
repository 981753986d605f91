"""Whose turn it is, as a student of the benchmark sees it. Pure; times in seconds on one clock."""

from dataclasses import dataclass
from typing import Literal

QUIET_S = 0.9
"""Silence of the examiner after which the student speaks."""
NO_REPLY_S = 6.0
"""After so long without any reply the student goes on."""
BARGE_IN_S = 0.8
"""So long after a reply's onset the student's voice is heard over it."""

Turn = Literal["wait", "speak", "interrupt", "no_reply"]


@dataclass(frozen=True)
class Moment:
    """What a student knows now."""

    now: float
    ended: float
    """When the student's own last sample was sent; before the first line when the room was
    entered."""
    quiet_since: float | None
    """End of the last audible window; None before the first word."""
    onset: float | None
    """The last onset."""
    audible: bool
    """A stretch of speech goes on."""


def turn(moment: Moment, *, barge_in: bool, lead_s: float = 0.0) -> Turn:
    """What to do now; `barge_in`: the next line is to be spoken over the reply. Its speech comes
    `lead_s` after its begin."""
    quiet_since = moment.quiet_since
    answered = quiet_since is not None and quiet_since > moment.ended
    if not answered or quiet_since is None:
        return "no_reply" if moment.now - moment.ended >= NO_REPLY_S else "wait"
    quiet = moment.now - quiet_since
    if quiet >= QUIET_S:
        return "speak"
    onset = moment.onset
    if barge_in and moment.audible and onset is not None and onset > moment.ended:
        return "interrupt" if moment.now - onset >= BARGE_IN_S - lead_s and quiet < 0.1 else "wait"
    return "wait"

"""Whose turn it is, from what a student can notice. Pure; times are seconds on one clock."""

from dataclasses import dataclass

from robot_student.examiner import Phase
from robot_student.settings import Manners

OPENING = ("soundcheck", "practice")


@dataclass(frozen=True)
class Moment:
    """What is known now."""

    now: float
    phase: Phase
    speaking: bool
    """The examiner says of itself that it speaks."""
    audible: bool
    """A stretch of its speech goes on."""
    last_onset: float | None
    quiet_since: float | None
    acted_at: float
    """Begin of the student's last utterance, press or wait."""
    acted_until: float
    pressed: bool = False
    """That last act was a button, or the microphone's."""
    waited: bool = False
    """That last act calls for no reply: a wait that has run its time, a refused button."""


def students_turn(moment: Moment, manners: Manners, *, silent_step: bool = False) -> bool:
    """The examiner has spoken since the student's last act, and is done.

    `silent_step`: the next step is a button or a wait, which may also be taken in a pause.
    """
    phases = ("listening", *OPENING, "paused") if silent_step else ("listening", *OPENING)
    if moment.phase not in phases or moment.speaking or moment.audible:
        return False
    quiet = manners.opening_quiet_s if moment.phase in OPENING else manners.quiet_s
    if moment.quiet_since is None or moment.now - moment.quiet_since < quiet:
        return False
    heard = moment.last_onset is not None and moment.last_onset > moment.acted_at
    unanswered = moment.pressed and moment.now - moment.acted_until >= manners.press_s
    return heard or moment.waited or unanswered


def may_interrupt(moment: Moment, asked_at: float, after_s: float) -> bool:
    """The examiner has been heard with this question for `after_s`, and still speaks.

    `asked_at`: when the question came onto the screen.
    """
    if moment.phase not in ("asking", *OPENING) or not moment.audible:
        return False
    onset = moment.last_onset
    if onset is None or onset <= moment.acted_at:
        return False
    return moment.now >= max(onset, asked_at) + after_s

"""How long a pause may be before it ends the student's turn: what Flux is set to. Pure.

Ranges: threshold 0.5 to 0.9 (1.0: no pause is taken for an end), eager 0.3 to 0.9, time-out 500 to
10 000 ms; Deepgram's newer pages allow 60 000 (developers.deepgram.com/docs/flux/configuration).
"""

from typing import NamedTuple

from exam_graph.profile import Profile
from exam_graph.state import ExamContext, Kept, current_question_id

_HIGHEST = 0.9
_LONGEST_MS = 10_000


class Pace(NamedTuple):
    """The higher and longer, the more patient; `eager_eot_threshold` None: no guesses."""

    eot_threshold: float
    eager_eot_threshold: float | None
    eot_timeout_ms: int


#: The next breath ends the turn.
QUICKEST = Pace(0.5, 0.5, 500)
#: The student's button ends the turn. Flux would still end it by the time-out: not heeded.
OWN_TURN_END = Pace(1.0, None, 60_000)
#: Of a student who ends turns by the button, when the time is over.
LAST_SENTENCE = Pace(0.9, None, _LONGEST_MS)
#: Where only a yes, a no or a command is expected.
_COMMAND = Pace(0.6, 0.4, 2500)
_ANSWER = Pace(0.7, 0.4, 5000)
#: A question is open and nothing was said to it, or the student wants time.
_BEFORE_ANSWER = Pace(0.8, 0.4, 8000)


def pace(state: Kept, context: ExamContext, *, answering: bool = False) -> Pace:
    """The patience that this moment of the exam calls for.

    answering: in the turn that is open, something has been said already
    """
    if context.profile.own_turn_end:
        return OWN_TURN_END
    return _times(_of_moment(state, answering), context.profile.pause_patience)


def quickest(profile: Profile) -> Pace:
    """Ends the turn at the next breath. Who ends turns by the button gets no guesses here too."""
    return QUICKEST._replace(eager_eot_threshold=None) if profile.own_turn_end else QUICKEST


def _of_moment(state: Kept, answering: bool) -> Pace:
    if state["paused"] or state["confirming"] or state["phase"] in ("waiting", "soundcheck"):
        return _COMMAND
    question_id = current_question_id(state)
    unanswered = question_id is not None and state["statuses"][question_id] == "open"
    if (unanswered and not answering) or state["waiting"] or state["revising"] is not None:
        return _BEFORE_ANSWER
    return _ANSWER


def _times(pace: Pace, patience: float) -> Pace:
    """A confidence of 1 - exp(-silence) takes so many times the silence at the new threshold."""
    return Pace(
        round(min(_HIGHEST, 1 - (1 - pace.eot_threshold) ** patience), 3),
        pace.eager_eot_threshold,
        min(_LONGEST_MS, round(pace.eot_timeout_ms * patience)),
    )

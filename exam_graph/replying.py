"""What a reply to a yes-or-no question of the examiner's calls for. Pure."""

from exam_graph.move import Move
from exam_graph.state import ExamState

_SILENCE: dict[str, Move] = {"yes": "repeat", "no": "wait"}
_WELLBEING: dict[str, Move] = {"yes": "go_on", "continue": "go_on", "no": "care"}


def route_confirmation(state: ExamState, intent: str) -> Move | None:
    """The move for a reply to what was asked; None if it is no reply to it."""
    if intent in ("distress", "pause", "take_break"):
        return None
    match state["answering"]:
        case "end":
            return _route_end(state, intent)
        case "skipped":
            return _route_offer(intent)
        case "silence":
            return _SILENCE.get(intent)
        case "wellbeing":
            return _WELLBEING.get(intent)
        case "distress":
            return _route_care(intent)
        case "sound":
            return _route_sound(intent)
    return None


def _route_end(state: ExamState, intent: str) -> Move:
    if intent == "yes":
        return "close"
    if intent == "answer" and state["phase"] == "question" and state["heard"]:
        # Who goes on answering does not want to end; and the answer is not to be lost.
        return "record"
    return "go_on" if intent in ("no", "continue") else "confirm_end"


def _route_offer(intent: str) -> Move | None:
    if intent == "yes":
        return "take_up"
    if intent in ("no", "end", "continue", "skip", "dont_know"):
        return "close"
    if intent == "answer":
        return "ask_again"
    return "repeat" if intent in ("repeat", "think", "unclear", "clarify") else None


def _route_care(intent: str) -> Move | None:
    if intent in ("continue", "no"):
        return "go_on"
    return "care" if intent in ("yes", "unclear", "think", "off_topic") else None


def _route_sound(intent: str) -> Move | None:
    if intent in ("yes", "continue", "repeat", "think", "unclear"):
        return "go_on"
    return "check_hearing" if intent in ("no", "sound_problem") else None

"""Which move a turn calls for. Pure functions of the state: the rules of the exam."""

from typing import Literal

from langgraph.runtime import Runtime

from exam_graph.events import Command, NotHeard, Returned, Started, StudentSpoke, parse_event
from exam_graph.paper import Point
from exam_graph.state import ExamContext, ExamState, remaining_ms

Move = Literal[
    "greet",
    "check_sound",
    "begin",
    "record",
    "give_up",
    "skip",
    "move_on",
    "repeat",
    "ask_again",
    "clarify",
    "tell_time",
    "tell_count",
    "redirect",
    "wait",
    "note_unheard",
    "confirm_end",
    "go_on",
    "pause",
    "welcome_back",
    "close",
]

_BY_INTENT: dict[str, Move] = {
    "repeat": "repeat",
    "clarify": "clarify",
    "time_left": "tell_time",
    "questions_left": "tell_count",
    "think": "wait",
    "off_topic": "redirect",
    "unclear": "redirect",
    "pause": "pause",
    "end": "confirm_end",
}
#: What would leave a question standing that was not heard to its end.
_LEAVE_IT_UNHEARD = ("answer", "think", "off_topic", "unclear", "continue", "yes", "no")
_IN_QUESTION: dict[str, Move] = {"skip": "skip", "dont_know": "give_up"}
_IN_PAUSE: dict[str, Move] = {"continue": "go_on", "repeat": "repeat", "end": "confirm_end"}


def route(state: ExamState, runtime: Runtime[ExamContext]) -> Move:
    """The move for an event."""
    event = parse_event(state["event"])
    time_over = state["phase"] == "question" and remaining_ms(state, runtime.context) == 0
    if state["phase"] == "finished":
        return "wait"
    if isinstance(event, NotHeard):
        return "note_unheard"
    if isinstance(event, Started):
        return "greet" if state["phase"] == "waiting" else "repeat"
    if isinstance(event, StudentSpoke):
        return _route_speech(state, time_over)
    if time_over:
        return "record" if isinstance(event, Returned) and event.draft else "close"
    if isinstance(event, Returned):
        return "welcome_back"
    if isinstance(event, Command):
        return _route_command(state, event)
    return "wait"


def _route_command(state: ExamState, event: Command) -> Move:
    if event.name == "pause":
        return "go_on" if state["paused"] else "pause"
    if event.name == "end":
        return "confirm_end"
    if event.name == "skip" and state["phase"] == "question":
        return "skip"
    return "repeat"


def _route_speech(state: ExamState, time_over: bool) -> Move:
    intent = (state["understood"] or {}).get("intent", "answer")
    if time_over:
        return "record" if intent == "answer" and not state["confirming"] else "close"
    if state["confirming"]:
        return _route_confirmation(state, intent)
    if state["paused"]:
        return _IN_PAUSE.get(intent, "wait")
    if state["phase"] == "question" and intent in _IN_QUESTION:
        return _IN_QUESTION[intent]
    if state["phase"] == "question" and intent == "continue" and state["heard"]:
        return "move_on" if _has_answer(state) else "skip"
    if not state["heard"] and intent in _LEAVE_IT_UNHEARD:
        return "ask_again"
    return _BY_INTENT.get(intent) or _route_answer(state)


def _route_confirmation(state: ExamState, intent: str) -> Move:
    if intent == "yes":
        return "close"
    if intent == "answer" and state["phase"] == "question" and state["heard"]:
        # Who goes on answering does not want to end; and the answer is not to be lost.
        return "record"
    return "go_on" if intent == "no" else "confirm_end"


def _route_answer(state: ExamState) -> Move:
    match state["phase"]:
        case "soundcheck":
            return "check_sound"
        case "practice":
            return "begin"
        case "question":
            return "record"
        case _:
            return "wait"


def after_answer(
    state: ExamState, runtime: Runtime[ExamContext]
) -> Literal["acknowledge", "close"]:
    """An answer is acknowledged if something follows it."""
    if remaining_ms(state, runtime.context) == 0:
        return "close"
    more = open_probes(state, runtime.context) or not _is_last(state)
    return "acknowledge" if more else "close"


def after_telling(state: ExamState) -> Literal["repeat", "__end__"]:
    """A question that was talked over is asked again after what was wanted to be known."""
    return "__end__" if state["heard"] else "repeat"


def after_acknowledging(
    state: ExamState, runtime: Runtime[ExamContext]
) -> Literal["probe", "advance"]:
    """A probe while one is open, else the next question."""
    return "probe" if open_probes(state, runtime.context) else "advance"


def after_leaving(state: ExamState, runtime: Runtime[ExamContext]) -> Literal["advance", "close"]:
    """What follows a question that was skipped, given up or done with."""
    over = _is_last(state) or remaining_ms(state, runtime.context) == 0
    return "close" if over else "advance"


def _has_answer(state: ExamState) -> bool:
    return state["statuses"][state["order"][state["position"]]] == "answered"


def _is_last(state: ExamState) -> bool:
    return state["position"] + 1 == len(state["order"])


def open_probes(state: ExamState, context: ExamContext) -> list[Point]:
    """The open question's points that the answer has not reached and that may still be probed."""
    question = context.paper.question(state["order"][state["position"]])
    if len(state["probes"]) >= question.follow_ups:
        return []
    return [
        point
        for point in question.points
        if point.probe and point.id not in state["covered"] and point.id not in state["probes"]
    ]

"""Which move a turn calls for. Pure functions of the state: the rules of the exam."""

from langgraph.runtime import Runtime

from exam_graph.events import (
    BreakOver,
    Command,
    Failed,
    NotHeard,
    Returned,
    Silence,
    SoundBack,
    SoundLost,
    Started,
    StudentSpoke,
    parse_event,
)
from exam_graph.follow import broken_off
from exam_graph.joining import cut_now, joins_last, target_position
from exam_graph.move import Move
from exam_graph.replying import route_confirmation
from exam_graph.silence import OPENING_LIMIT
from exam_graph.state import ExamContext, ExamState, open_answer, remaining_ms
from exam_graph.understanding import Understood

_BY_INTENT: dict[str, Move] = {
    "repeat": "repeat",
    "options": "repeat_options",
    "last_words": "repeat_last",
    "clarify": "clarify",
    "time_left": "tell_time",
    "questions_left": "tell_count",
    "skipped_ones": "tell_skipped",
    "identity": "identify",
    "think": "wait",
    "off_topic": "redirect",
    "argue": "redirect",
    "rude": "redirect",
    "steer": "redirect",
    "hint": "decline",
    "verdict": "decline",
    "go_back": "decline",
    "unclear": "redirect",
    "pause": "pause",
    "end": "confirm_end",
    "distress": "care",
    "sound_problem": "check_hearing",
}
#: What would leave a question standing that was not heard to its end.
_LEAVE_IT_UNHEARD = (
    *("answer", "think", "off_topic", "argue", "rude", "steer", "unclear"),
    *("continue", "yes", "no"),
)
#: What may be taken from the beginning of a sentence: the question stays open.
_LEAVES_IT_OPEN = frozenset(
    {"repeat", "options", "last_words", "clarify", "time_left", "questions_left", "skipped_ones"}
    | {"identity", "pause", "distress", "sound_problem"}
)
_IN_PAUSE: dict[str, Move] = {
    "continue": "go_on",
    "repeat": "repeat",
    "end": "confirm_end",
    "distress": "care",
}
#: Unclear turns running after which the sound is checked.
UNCLEAR_LIMIT = 3


def route(state: ExamState, runtime: Runtime[ExamContext]) -> Move:
    """The move for an event."""
    event = parse_event(state["event"])
    time_over = state["phase"] == "question" and remaining_ms(state, runtime.context) == 0
    if isinstance(event, Failed):
        return "note_failure"
    if state["phase"] == "finished":
        return _route_afterwards(state)
    if isinstance(event, NotHeard):
        return "note_unheard"
    if isinstance(event, Started):
        return "greet" if state["phase"] == "waiting" else "repeat"
    if isinstance(event, StudentSpoke):
        return _route_speech(state, runtime.context, time_over=time_over)
    if time_over:
        return "record" if isinstance(event, Returned) and event.draft else "close"
    if isinstance(event, Returned):
        return "welcome_back"
    if isinstance(event, Command):
        return _route_command(state, event)
    return _route_happening(state, event)


def _route_afterwards(state: ExamState) -> Move:
    """Words that were cut off by the farewell still belong to the last answer."""
    said = (state["understood"] or {}).get("intent") == "answer"
    return "join" if said and cut_now(state) is not None and state["position"] >= 0 else "wait"


def _route_happening(state: ExamState, event: object) -> Move:
    if isinstance(event, SoundLost):
        return "lose_sound"
    if isinstance(event, SoundBack):
        return "regain_sound" if state["sound_lost"] else "wait"
    if isinstance(event, BreakOver):
        return "end_break" if state["paused"] and state["break_minutes"] else "wait"
    if isinstance(event, Silence):
        return _route_silence(state)
    return "wait"


def _route_command(state: ExamState, event: Command) -> Move:
    if event.name == "pause":
        return "go_on" if state["paused"] else "pause"
    if event.name == "end":
        return "confirm_end"
    if state["answering"] == "skipped":
        return "close" if event.name == "skip" else "repeat"
    if event.name == "skip" and state["phase"] == "question":
        return "skip"
    return "repeat"


def _route_silence(state: ExamState) -> Move:
    if state["paused"] or state["sound_lost"] or state["phase"] == "waiting":
        return "wait"
    if state["phase"] != "question":
        over = state["phase"] == "practice" and state["silences"] + 1 >= OPENING_LIMIT
        return "begin" if over else "check_in"
    if not state["heard"]:
        return "repeat"
    match state["confirming"]:
        case "sound":
            return "go_on"
        case "skipped":
            return "close"
        case "end":
            return "go_on"
        case "distress":
            return "pause"
        case "wellbeing":
            return "leave_silent"
    if state["revising"] is not None:
        return "go_on"
    if state["waiting"] == "unfinished":
        return "continue_answer"
    if state["waiting"] == "thinking" or state["silences"] < 2:
        return "check_in"
    return "ask_wellbeing" if state["silent_questions"] else "leave_silent"


def _route_speech(state: ExamState, context: ExamContext, *, time_over: bool) -> Move:
    intent = (state["understood"] or {}).get("intent", "answer")
    if intent == "echo":
        return "close" if time_over else "note_echo"
    if time_over:
        return _route_last_words(state, intent)
    if state["answering"]:
        move = route_confirmation(state, intent)
        if move is not None:
            return move
    if state["paused"]:
        return _IN_PAUSE.get(intent, "wait")
    if state["revising"] is not None and _is_content(state, intent):
        return "revise"
    if intent == "think" and cut_now(state) is not None:
        return "resume"
    if not state["heard"] and intent in _LEAVE_IT_UNHEARD:
        return "join" if intent == "answer" and joins_last(state) else "ask_again"
    if state["phase"] == "question":
        if broken_off(state) and intent not in _LEAVES_IT_OPEN:
            # "I do not know" may go on with "whether it is the one or the other".
            return "record"
        move = _route_in_question(state, context, intent)
        if move is not None:
            return move
    if intent == "take_break":
        return "take_break" if state["breaks"] < context.profile.breaks else "decline"
    if state["phase"] != "question" and intent in ("hint", "verdict", "go_back"):
        return "redirect"
    return _BY_INTENT.get(intent) or _route_answer(state)


def _route_last_words(state: ExamState, intent: str) -> Move:
    """The time is over: what was being said is kept, and the exam closes."""
    if state["revising"] is not None and _is_content(state, intent):
        return "revise"
    if intent == "revise" and _route_revision(state) in ("revise", "record"):
        return _route_revision(state)
    if intent == "answer" and state["answering"] not in ("end", "skipped"):
        return "join" if not state["heard"] and joins_last(state) else "record"
    return "close"


def _route_in_question(state: ExamState, context: ExamContext, intent: str) -> Move | None:
    answer = open_answer(state)
    assert answer is not None
    if intent == "skip":
        return "skip"
    if intent == "continue" and state["heard"]:
        return "move_on" if _has_answer(state) else "skip"
    if intent == "revise":
        return _route_revision(state)
    if intent == "unclear" and answer["unclear"] + 1 >= UNCLEAR_LIMIT:
        return "check_hearing"
    if not context.learning:
        return "give_up" if intent == "dont_know" else None
    if intent == "go_back":
        meant = target_position(state, Understood.from_dict(state["understood"] or {}))
        return "redirect" if meant is None or meant == state["position"] else "go_back"
    if intent == "clarify":
        question = context.paper.question(state["order"][state["position"]])
        return "clarify" if question.clarify else _hint_or_explanation(state, context)
    if intent in ("hint", "dont_know"):
        return _hint_or_explanation(state, context)
    return "feedback" if intent == "verdict" else None


def _hint_or_explanation(state: ExamState, context: ExamContext) -> Move:
    answer = open_answer(state)
    assert answer is not None
    question = context.paper.question(state["order"][state["position"]])
    return "hint" if answer["hints"] < len(question.hints) else "explain"


def _route_revision(state: ExamState) -> Move:
    understood = Understood.from_dict(state["understood"] or {})
    if target_position(state, understood) is None:
        # There is nothing to change yet: whatever was said is kept as an answer.
        return "record" if understood.content else "redirect"
    return "revise" if understood.content else "ask_revision"


def _is_content(state: ExamState, intent: str) -> bool:
    """Whether the words are the new answer that was asked for."""
    understood = state["understood"] or {}
    return intent == "answer" or (intent == "revise" and bool(understood.get("content")))


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


def _has_answer(state: ExamState) -> bool:
    return state["statuses"][state["order"][state["position"]]] == "answered"

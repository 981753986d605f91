"""What follows a move in the same turn. Pure functions of the state."""

from typing import Literal

from langgraph.runtime import Runtime

from exam_graph.events import Silence, StudentSpoke, parse_event
from exam_graph.paper import ChoiceQuestion, OpenQuestion, Point
from exam_graph.sequence import what_follows
from exam_graph.state import ExamContext, ExamState, open_answer, remaining_ms

Leaving = Literal["advance", "offer", "close"]

TWO_OPTIONS = "two_options"
"""The flag of a choice answered by several options where one is asked for."""


def after_answer(
    state: ExamState, runtime: Runtime[ExamContext]
) -> Literal[
    "listen",
    "ask_for_rest",
    "ask_which",
    "ask_to_finish",
    "use_language",
    "care",
    "give_feedback",
    "acknowledge",
    "advance",
    "offer",
    "close",
]:
    """An answer is waited for to its end, then acknowledged if something follows it."""
    context = runtime.context
    understood = state["understood"] or {}
    answer = open_answer(state)
    if remaining_ms(state, context) == 0 or answer is None:
        return "close"
    if broken_off(state):
        return "ask_for_rest"
    notices = understood.get("notices", ())
    if "distress" in notices:
        return "care"
    if "other_language" in notices and not state["language_asked"]:
        return "use_language"
    if _spoke_long(state, context):
        return "acknowledge" if state["finish_asked"] else "ask_to_finish"
    if understood.get("unfinished") and not isinstance(parse_event(state["event"]), Silence):
        return "listen"
    if _names_several(state, context) and TWO_OPTIONS not in answer["flags"]:
        return "ask_which"
    return _after_taking(state, runtime)


def _after_taking(
    state: ExamState, runtime: Runtime[ExamContext]
) -> Literal["give_feedback", "acknowledge", "advance", "offer", "close"]:
    """In learn mode feedback; else a word of thanks if something follows in the exam."""
    if runtime.context.learning:
        return "give_feedback"
    follows = after_leaving(state, runtime)
    probing = open_probes(state, runtime.context) or may_write_probe(state, runtime.context)
    return "acknowledge" if probing or follows == "advance" else follows


def after_acknowledging(
    state: ExamState, runtime: Runtime[ExamContext]
) -> Literal["probe", "write_probe", "advance", "offer", "close"]:
    """A probe while one is open, else the next question."""
    if not _spoke_long(state, runtime.context):
        if open_probes(state, runtime.context):
            return "probe"
        if may_write_probe(state, runtime.context):
            return "write_probe"
    return after_leaving(state, runtime)


def after_writing(
    state: ExamState, runtime: Runtime[ExamContext]
) -> Literal["advance", "offer", "close", "__end__"]:
    """Nothing more if a probe was asked in this turn."""
    asked = state["asked"]
    if asked is not None and asked["turn"] == state["turn"]:
        return "__end__"
    return after_leaving(state, runtime)


def after_leaving(state: ExamState, runtime: Runtime[ExamContext]) -> Leaving:
    """What follows a question that was skipped, given up or done with."""
    return what_follows(state, runtime.context)


def after_telling(state: ExamState, _: Runtime[ExamContext]) -> Literal["repeat", "__end__"]:
    """What was asked is asked again, if it was talked over or was to be said yes or no to."""
    pending = state["asked"] is not None and state["asked"]["confirming"]
    return "__end__" if state["heard"] and not pending else "repeat"


def after_revising(
    state: ExamState, runtime: Runtime[ExamContext]
) -> Literal["repeat", "give_feedback", "acknowledge", "advance", "offer", "close"]:
    """Back to where they were: the open question again, or on with it if it was the one."""
    if remaining_ms(state, runtime.context) == 0:
        return "close"
    if state["record"]["question_id"] != state["order"][state["position"]]:
        return "repeat"
    return _after_taking(state, runtime)


def after_regaining(state: ExamState, _: Runtime[ExamContext]) -> Literal["repeat", "__end__"]:
    """The sound is back: in a pause that is no reason to ask, nor while an answer's rest is due."""
    return "__end__" if state["paused"] or state["waiting"] == "rest" else "repeat"


def broken_off(state: ExamState) -> bool:
    """Whether this turn's words were not heard to their end, by our fault."""
    event = parse_event(state["event"])
    return isinstance(event, StudentSpoke) and event.fault in ("broken_off", "lost")


def open_probes(state: ExamState, context: ExamContext) -> list[Point]:
    """The open question's points that the answer has not reached and that may still be probed."""
    question_id = state["order"][state["position"]]
    question, answer = context.paper.question(question_id), state["answers"][question_id]
    if len(answer["probes"]) >= question.follow_ups:
        return []
    return [
        point
        for point in question.points
        if point.probe and point.id not in answer["covered"] and point.id not in answer["probes"]
    ]


def may_probe(state: ExamState, context: ExamContext) -> bool:
    """Whether what the open question's answer lacks decides what is said next."""
    return context.learning or bool(open_probes(state, context)) or may_write_probe(state, context)


def may_write_probe(state: ExamState, context: ExamContext) -> bool:
    """Whether a model may follow up: the paper allows it, and something is missing."""
    question_id = state["order"][state["position"]]
    question, answer = context.paper.question(question_id), state["answers"][question_id]
    return (
        context.probes is not None
        and context.paper.generated_probes
        and isinstance(question, OpenQuestion)
        and len(answer["probes"]) < question.follow_ups
        and any(point.id not in answer["covered"] for point in question.points)
    )


def speaks_long(state: ExamState, context: ExamContext) -> bool:
    """Whether the open answer has become long with the words of this turn, not taken yet."""
    answer, event = open_answer(state), parse_event(state["event"])
    spoken_ms = event.duration_ms if isinstance(event, StudentSpoke) else 0
    return answer is not None and answer["answer_ms"] + spoken_ms >= context.answer_limit_ms


def _spoke_long(state: ExamState, context: ExamContext) -> bool:
    answer = open_answer(state)
    return answer is not None and answer["answer_ms"] >= context.answer_limit_ms


def _names_several(state: ExamState, context: ExamContext) -> bool:
    question = context.paper.question(state["order"][state["position"]])
    named = (state["understood"] or {}).get("choice", ())
    return isinstance(question, ChoiceQuestion) and len(named) > 1 and len(question.correct) == 1

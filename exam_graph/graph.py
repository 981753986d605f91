"""The exam graph: understand, keep the time, make one move.

It is a function of the state it is given: it keeps nothing itself, so a guess about what the
student is going to have said can be run and dropped without a trace. What a turn says is streamed
(`stream_mode="custom"`, `Utterance` objects); what it changes is the state that comes out.
"""

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from exam_graph.follow import (
    after_acknowledging,
    after_answer,
    after_leaving,
    after_regaining,
    after_revising,
    after_telling,
    after_writing,
)
from exam_graph.nodes.acknowledge import acknowledge
from exam_graph.nodes.advance import advance
from exam_graph.nodes.ask_again import ask_again
from exam_graph.nodes.ask_revision import ask_revision
from exam_graph.nodes.ask_to_finish import ask_to_finish
from exam_graph.nodes.ask_wellbeing import ask_wellbeing
from exam_graph.nodes.ask_which import ask_which
from exam_graph.nodes.begin import begin
from exam_graph.nodes.care import care
from exam_graph.nodes.check_hearing import check_hearing
from exam_graph.nodes.check_in import check_in
from exam_graph.nodes.check_sound import check_sound
from exam_graph.nodes.clarify import clarify
from exam_graph.nodes.close import close
from exam_graph.nodes.confirm_end import confirm_end
from exam_graph.nodes.continue_answer import continue_answer
from exam_graph.nodes.decline import decline
from exam_graph.nodes.end_break import end_break
from exam_graph.nodes.explain import explain
from exam_graph.nodes.feedback import feedback
from exam_graph.nodes.give_feedback import give_feedback
from exam_graph.nodes.give_up import give_up
from exam_graph.nodes.go_back import go_back
from exam_graph.nodes.go_on import go_on
from exam_graph.nodes.greet import greet
from exam_graph.nodes.hint import hint
from exam_graph.nodes.identify import identify
from exam_graph.nodes.join import join
from exam_graph.nodes.keep_time import keep_time
from exam_graph.nodes.leave_silent import leave_silent
from exam_graph.nodes.listen import listen
from exam_graph.nodes.lose_sound import lose_sound
from exam_graph.nodes.move_on import move_on
from exam_graph.nodes.note_echo import note_echo
from exam_graph.nodes.note_unheard import note_unheard
from exam_graph.nodes.offer import offer
from exam_graph.nodes.pause import pause
from exam_graph.nodes.probe import probe
from exam_graph.nodes.record import record
from exam_graph.nodes.redirect import redirect
from exam_graph.nodes.regain_sound import regain_sound
from exam_graph.nodes.repeat import repeat
from exam_graph.nodes.repeat_last import repeat_last
from exam_graph.nodes.repeat_options import repeat_options
from exam_graph.nodes.resume import resume
from exam_graph.nodes.revise import revise
from exam_graph.nodes.skip import skip
from exam_graph.nodes.take_break import take_break
from exam_graph.nodes.take_up import take_up
from exam_graph.nodes.tell_count import tell_count
from exam_graph.nodes.tell_skipped import tell_skipped
from exam_graph.nodes.tell_time import tell_time
from exam_graph.nodes.understand import understand
from exam_graph.nodes.use_language import use_language
from exam_graph.nodes.wait import wait
from exam_graph.nodes.welcome_back import welcome_back
from exam_graph.nodes.write_probe import write_probe
from exam_graph.route import route
from exam_graph.state import ExamContext, ExamState, Kept

ExamGraph = CompiledStateGraph[ExamState, ExamContext, ExamState, ExamState]
Checkpoints = CompiledStateGraph[Kept, None, Kept, Kept]

#: Moves after which the turn is over.
_LAST = (
    *(greet, check_sound, advance, probe, offer, repeat, ask_again, join, resume, note_echo),
    *(listen, wait, note_unheard, confirm_end, care, check_hearing, check_in, ask_wellbeing),
    *(ask_which, ask_to_finish, ask_revision, use_language, pause, take_break, lose_sound, close),
)
#: Moves that tell something; what is still open is then asked again.
_TELLING = (
    *(clarify, tell_time, tell_count, tell_skipped, identify, decline, redirect),
    *(hint, feedback, repeat_last, repeat_options),
)
#: Moves that leave the open question.
_LEAVING = (skip, give_up, move_on, leave_silent, explain)


def build_graph() -> ExamGraph:
    """The graph of one turn. Compile once per process; safe for many sittings at once."""
    graph = StateGraph(ExamState, context_schema=ExamContext)
    for node in (understand, keep_time, begin, record, continue_answer, revise, go_on, go_back):
        graph.add_node(node)
    for node in (take_up, end_break, regain_sound, welcome_back):
        graph.add_node(node)
    for node in (acknowledge, give_feedback, write_probe):
        graph.add_node(node)
    for node in _LAST:
        graph.add_node(node)
        graph.add_edge(node.__name__, END)
    for node in _TELLING:
        graph.add_node(node)
        graph.add_conditional_edges(node.__name__, after_telling)
    for node in _LEAVING:
        graph.add_node(node)
        graph.add_conditional_edges(node.__name__, after_leaving)
    graph.add_edge(START, "understand")
    graph.add_edge("understand", "keep_time")
    graph.add_conditional_edges("keep_time", route)
    for asking in ("begin", "go_back", "take_up"):
        graph.add_edge(asking, "advance")
    for answering in ("record", "continue_answer"):
        graph.add_conditional_edges(answering, after_answer)
    for showing in ("acknowledge", "give_feedback"):
        graph.add_conditional_edges(showing, after_acknowledging)
    graph.add_conditional_edges("write_probe", after_writing)
    graph.add_conditional_edges("revise", after_revising)
    graph.add_conditional_edges("regain_sound", after_regaining)
    for returning in ("go_on", "end_break", "welcome_back"):
        graph.add_edge(returning, "repeat")
    return graph.compile()


def build_checkpoints(saver: BaseCheckpointSaver[str]) -> Checkpoints:
    """A graph of one step that only keeps: it gives the saver one checkpoint per certain turn."""
    graph = StateGraph(Kept)
    graph.add_node("keep", _keep)
    graph.add_edge(START, "keep")
    graph.add_edge("keep", END)
    return graph.compile(checkpointer=saver)


def _keep(state: Kept) -> None:
    """Changes nothing: what it is given is what is kept."""

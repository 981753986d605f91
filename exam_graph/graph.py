"""The exam graph: understand, keep the time, make one move.

It is a function of the state it is given: it keeps nothing itself, so a guess about what the
student is going to have said can be run and dropped without a trace. What a turn says is streamed
(`stream_mode="custom"`, `Utterance` objects); what it changes is the state that comes out.
"""

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from exam_graph.nodes.acknowledge import acknowledge
from exam_graph.nodes.advance import advance
from exam_graph.nodes.ask_again import ask_again
from exam_graph.nodes.begin import begin
from exam_graph.nodes.check_sound import check_sound
from exam_graph.nodes.clarify import clarify
from exam_graph.nodes.close import close
from exam_graph.nodes.confirm_end import confirm_end
from exam_graph.nodes.give_up import give_up
from exam_graph.nodes.go_on import go_on
from exam_graph.nodes.greet import greet
from exam_graph.nodes.keep_time import keep_time
from exam_graph.nodes.move_on import move_on
from exam_graph.nodes.note_unheard import note_unheard
from exam_graph.nodes.pause import pause
from exam_graph.nodes.probe import probe
from exam_graph.nodes.record import record
from exam_graph.nodes.redirect import redirect
from exam_graph.nodes.repeat import repeat
from exam_graph.nodes.skip import skip
from exam_graph.nodes.tell_count import tell_count
from exam_graph.nodes.tell_time import tell_time
from exam_graph.nodes.understand import understand
from exam_graph.nodes.wait import wait
from exam_graph.nodes.welcome_back import welcome_back
from exam_graph.route import (
    after_acknowledging,
    after_answer,
    after_leaving,
    after_telling,
    route,
)
from exam_graph.state import ExamContext, ExamState, Kept

ExamGraph = CompiledStateGraph[ExamState, ExamContext, ExamState, ExamState]
Checkpoints = CompiledStateGraph[Kept, None, Kept, Kept]

#: Moves after which the turn is over.
_LAST = (
    greet,
    check_sound,
    advance,
    probe,
    repeat,
    ask_again,
    redirect,
    wait,
    note_unheard,
    confirm_end,
    pause,
    close,
)


#: Moves that something follows, always or sometimes.
_PASSING = (
    begin,
    record,
    give_up,
    skip,
    move_on,
    acknowledge,
    clarify,
    tell_time,
    tell_count,
    go_on,
    welcome_back,
)


def build_graph() -> ExamGraph:
    """The graph of one turn. Compile once per process; safe for many sittings at once."""
    graph = StateGraph(ExamState, context_schema=ExamContext)
    for node in (understand, keep_time, *_PASSING):
        graph.add_node(node)
    for node in _LAST:
        graph.add_node(node)
        graph.add_edge(node.__name__, END)
    graph.add_edge(START, "understand")
    graph.add_edge("understand", "keep_time")
    graph.add_conditional_edges("keep_time", route)
    graph.add_edge("begin", "advance")
    graph.add_conditional_edges("record", after_answer)
    graph.add_conditional_edges("acknowledge", after_acknowledging)
    for leaving in ("skip", "give_up", "move_on"):
        graph.add_conditional_edges(leaving, after_leaving)
    for telling in ("clarify", "tell_time", "tell_count"):
        graph.add_conditional_edges(telling, after_telling)
    graph.add_edge("go_on", "repeat")
    graph.add_edge("welcome_back", "repeat")
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

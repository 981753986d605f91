"""The exam graph: understand, keep the time, make one move.

It is a function of the state it is given: it keeps nothing itself, so a guess about what the
student is going to have said can be run and dropped without a trace. What a turn says is streamed
(`stream_mode="custom"`, `Utterance` objects); what it changes is the state that comes out.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypedDict, cast, get_args, get_type_hints

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command

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
from exam_graph.nodes.ask_for_rest import ask_for_rest
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
from exam_graph.nodes.note_failure import note_failure
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
from exam_graph.utterance import Utterance

ExamGraph = CompiledStateGraph["Box", ExamContext, "Box", "Box"]
_Graph = StateGraph["Box", ExamContext, "Box", "Box"]
_Move = Callable[[ExamState, Runtime[ExamContext]], Awaitable[dict[str, Any]]]
_Chooser = Callable[[ExamState, Runtime[ExamContext]], str]
Checkpoints = CompiledStateGraph["KeptBox", None, "KeptBox", "KeptBox"]


class Box(TypedDict):
    """The whole state as one channel: LangGraph's work in a step grows with their number."""

    exam: ExamState


def build_graph() -> ExamGraph:
    """The graph of one turn. Compile once per process; safe for many sittings at once."""
    graph = StateGraph(Box, context_schema=ExamContext)
    graph.add_edge(START, "hear")
    _add(graph, route, hear)
    # What something else follows in the same turn, always or as it is chosen.
    _add(graph, "advance", begin, go_back, take_up)
    _add(graph, "repeat", go_on, end_break, welcome_back)
    _add(graph, after_answer, record, continue_answer)
    _add(graph, after_acknowledging, acknowledge, give_feedback)
    _add(graph, after_writing, write_probe)
    _add(graph, after_revising, revise)
    _add(graph, after_regaining, regain_sound)
    # Moves that leave the open question.
    _add(graph, after_leaving, skip, give_up, move_on, leave_silent, explain)
    # Moves that tell something; what is still open is then asked again.
    _add(graph, after_telling, clarify, tell_time, tell_count, tell_skipped, identify, decline)
    _add(graph, after_telling, redirect, hint, feedback, repeat_last, repeat_options)
    # Moves after which the turn is over.
    _add(graph, END, greet, check_sound, advance, probe, offer, repeat, ask_again, join, resume)
    _add(graph, END, listen, wait, note_unheard, note_echo, confirm_end, care, check_hearing)
    _add(graph, END, check_in, ask_wellbeing, ask_which, ask_to_finish, ask_revision, use_language)
    _add(graph, END, pause, take_break, lose_sound, ask_for_rest, note_failure, close)
    return graph.compile()


async def run(
    graph: ExamGraph, given: ExamState, context: ExamContext, say: Callable[[Utterance], None]
) -> ExamState:
    """One turn: `say` gets each utterance as soon as it is there; the state that comes out."""
    outcome = given
    async for mode, chunk in graph.astream(
        {"exam": given}, context=context, stream_mode=["custom", "values"]
    ):
        if mode == "values":
            outcome = cast(Box, chunk)["exam"]
        else:
            say(cast(Utterance, chunk))
    return outcome


async def hear(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    """What was meant, and whether a mark of the clock is due: the first step of every turn."""
    understood = await understand(state, runtime)
    after = cast(ExamState, {**state, **understood})
    return {**understood, **await keep_time(after, runtime)}


def _add(graph: _Graph, follows: str | _Chooser, *moves: _Move) -> None:
    """Adds moves, and what follows them: one name, or the names in the chooser's return type.

    Each names its successor itself: LangGraph's conditional edges would cost a turn a third more.
    """
    if isinstance(follows, str):
        names, choose = (follows,), lambda *_: follows
    else:
        names, choose = get_args(get_type_hints(follows)["return"]), follows
    for move in moves:
        graph.add_node(move.__name__, _boxed(move, choose), destinations=names)


def _boxed(move: _Move, choose: _Chooser) -> Callable[..., Awaitable[Command[str]]]:
    async def boxed(state: Box, runtime: Runtime[ExamContext]) -> Command[str]:
        after = cast(ExamState, {**state["exam"], **await move(state["exam"], runtime)})
        return Command(update={"exam": after}, goto=choose(after, runtime))

    return boxed


class KeptBox(TypedDict):
    """What a checkpoint keeps, as one channel."""

    exam: Kept


def build_checkpoints(saver: BaseCheckpointSaver[str]) -> Checkpoints:
    """A graph of one step that only keeps: it gives the saver one checkpoint per certain turn."""
    graph = StateGraph(KeptBox)
    graph.add_node("keep", _keep)
    graph.add_edge(START, "keep")
    graph.add_edge("keep", END)
    return graph.compile(checkpointer=saver)


async def keep(checkpoints: Checkpoints, config: RunnableConfig, state: Kept) -> None:
    """Writes a checkpoint of the thread that the config names."""
    await checkpoints.aupdate_state(config, {"exam": state}, as_node="keep")


async def kept(checkpoints: Checkpoints, config: RunnableConfig) -> Kept | None:
    """The newest checkpoint of that thread, None if it has none."""
    snapshot = await checkpoints.aget_state(config)
    return cast(Kept, snapshot.values["exam"]) if snapshot.values else None


def _keep(state: KeptBox) -> None:
    """Changes nothing: what it is given is what is kept."""

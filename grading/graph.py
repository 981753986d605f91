"""The graph of one grading: see what is still to be asked, ask it, and again, until all is said.

Each call is a task of its own, whose reply is kept as soon as it is there: whoever takes a grading
over asks nothing twice that was answered. What the replies come to is not kept, but worked out.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict, cast

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime
from langgraph.types import Command, Send

from grading.by_code import mark_by_code, mark_by_keywords
from grading.call import Call
from grading.hearing import Now
from grading.panel import Panel, convene
from grading.reply import Reply
from grading.settings import Settings
from grading.settling import settle
from grading.sheet import Sheet
from records.marking import Mark
from records.model import Json

#: First calls, repairs, deliberation, its repairs; and a step between each two.
_MOST_STEPS = 50


def _joined(before: dict[str, Reply], new: dict[str, Reply]) -> dict[str, Reply]:
    return {**before, **new}


class GradingState(TypedDict):
    """All replies so far, by the key of their call."""

    replies: Annotated[dict[str, Reply], _joined]


@dataclass(frozen=True)
class GradingContext:
    """What the nodes work with and no checkpoint holds. `tried`: which try of the grading it is."""

    sheets: Sequence[Sheet]
    settings: Settings
    ask: Callable[[Call, int], Awaitable[Reply]]
    tried: int = 1

    def now(self, replies: dict[str, Reply]) -> Now:
        return Now(replies, self.tried, self.tried >= self.settings.grading_tries)


@dataclass(frozen=True)
class Outcome:
    """`marks`: of all sheets, or None if some could not be asked for, which may be `until` then
    (seconds of the epoch)."""

    marks: list[Mark] | None
    replies: dict[str, Reply]
    until: float = 0.0


GradingGraph = CompiledStateGraph[GradingState, GradingContext, GradingState, GradingState]


def build_graph(saver: BaseCheckpointSaver[str] | None = None) -> GradingGraph:
    """Without a saver nothing outlasts the run."""
    graph = StateGraph(GradingState, context_schema=GradingContext)
    graph.add_node("look", look, destinations=("ask",))
    graph.add_node("ask", ask, input_schema=cast(Any, dict))
    graph.add_edge(START, "look")
    graph.add_edge("ask", "look")
    return graph.compile(checkpointer=saver)


async def look(state: GradingState, runtime: Runtime[GradingContext]) -> Command[str]:
    """All that is to be asked now, side by side."""
    context = runtime.context
    replies = state.get("replies", {})
    calls = [call for _, panel in _panels(context, replies) for call in panel.asks]
    if not calls:
        return Command(goto=END)
    return Command(goto=[Send("ask", call.to_dict()) for call in calls])


async def ask(call: Json, runtime: Runtime[GradingContext]) -> dict[str, Any]:
    asked = Call.from_dict(call)
    reply = await runtime.context.ask(asked, runtime.context.tried)
    return {"replies": {asked.key: reply}}


async def grade(graph: GradingGraph, context: GradingContext, thread: str | None = None) -> Outcome:
    """Run it to its end. `thread`: the name under which the saver keeps what was answered."""
    config: RunnableConfig = {"recursion_limit": _MOST_STEPS}
    given: GradingState | None = {"replies": {}}
    if thread is None:
        state = await graph.ainvoke(given, config, context=context)
    else:
        config["configurable"] = {"thread_id": thread}
        if (await graph.aget_state(config)).next:
            # It was broken off: what was answered stays, what was under way is asked again.
            given = None
        state = await graph.ainvoke(given, config, context=context, durability="sync")
    replies: dict[str, Reply] = state.get("replies", {})
    return outcome(context, replies)


def outcome(context: GradingContext, replies: dict[str, Reply]) -> Outcome:
    """What the replies come to."""
    marks = []
    waits: list[float] = []
    panels = {sheet.question.id: panel for sheet, panel in _panels(context, replies)}
    for sheet in context.sheets:
        if (panel := panels.get(sheet.question.id)) is not None:
            waits += panel.waits
            marks += [_settle(sheet, panel, context)] if panel.complete else []
        else:
            marks.append(_by_code(sheet, context))
    if len(marks) < len(context.sheets):
        return Outcome(None, replies, min(waits, default=0.0))
    return Outcome(marks, replies)


def _panels(context: GradingContext, replies: dict[str, Reply]) -> list[tuple[Sheet, Panel]]:
    """Those that models are asked for."""
    models = context.settings.models
    if not models:
        return []
    now = context.now(replies)
    threshold = context.settings.grading_disagreement
    return [
        (sheet, convene(sheet, models, now, threshold))
        for sheet in context.sheets
        if mark_by_code(sheet) is None
    ]


def _settle(sheet: Sheet, panel: Panel, context: GradingContext) -> Mark:
    settings = context.settings
    return settle(
        sheet,
        panel,
        len(settings.models),
        threshold=settings.grading_disagreement,
        doubt=settings.grading_doubt,
    )


def _by_code(sheet: Sheet, context: GradingContext) -> Mark:
    doubt = context.settings.grading_doubt
    return mark_by_code(sheet, doubt=doubt) or mark_by_keywords(sheet, doubt=doubt)

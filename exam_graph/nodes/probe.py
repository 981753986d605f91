"""Asks after an open point of the answer, in the author's own words."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.aloud import aloud
from exam_graph.follow import open_probes
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import with_answer
from exam_graph.utterance import Utterance


async def probe(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    point = open_probes(state, runtime.context)[0]
    question_id = state["order"][state["position"]]
    assert point.probe is not None
    say = aloud(point.probe, runtime.context.paper.language)
    asked = Reply(state, runtime).ask(Utterance("probe", point.probe, say, question_id=question_id))
    probes = [*state["answers"][question_id]["probes"], point.id]
    return {**asked, **with_answer(state, probes=probes)}

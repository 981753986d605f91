"""Asks after an open point of the answer, in the author's own words."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.route import open_probes
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import with_probe
from exam_graph.utterance import Utterance


async def probe(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    point = open_probes(state, runtime.context)[0]
    question_id = state["order"][state["position"]]
    assert point.probe is not None
    asked = Reply(state, runtime).ask(
        Utterance("probe", point.probe, point.probe, question_id=question_id)
    )
    probes = [*state["probes"], point.id]
    return {**asked, "probes": probes, "record": with_probe(state, probes)}

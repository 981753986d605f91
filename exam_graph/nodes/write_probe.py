"""Asks a follow-up that a model wrote, if the paper allows it and the words pass every check."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.aloud import aloud
from exam_graph.asking import count_asks
from exam_graph.events import StudentSpoke, parse_event
from exam_graph.guard import faults, key_terms
from exam_graph.probing import GENERATED, ProbeRequest
from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState
from exam_graph.turn import with_answer
from exam_graph.utterance import Utterance


async def write_probe(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    context = runtime.context
    assert context.probes is not None
    question_id = state["order"][state["position"]]
    question, answer = context.paper.question(question_id), state["answers"][question_id]
    event = parse_event(state["event"])
    said = f"{state['answer_so_far']} {event.text if isinstance(event, StudentSpoke) else ''}"
    text = await context.probes.write(ProbeRequest(question.ask, said.strip()))
    language = context.paper.language
    forbidden = key_terms(question, said, language)
    if text is None or count_asks(text, language) != 1:
        return {}
    if faults(text, language=language, forbidden_terms=forbidden, said=said):
        return {}
    asked = Reply(state, runtime).ask(
        Utterance("probe", text, aloud(text, language), authored=False, question_id=question_id)
    )
    probes = [*answer["probes"], GENERATED]
    return {**asked, **with_answer(state, probes=probes)}

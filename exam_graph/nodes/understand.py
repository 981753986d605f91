"""What did the student mean? Asked once a turn; a turn that is replayed brings its answer along."""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.events import StudentSpoke, parse_event
from exam_graph.state import ExamContext, ExamState, current_question_id
from exam_graph.understanding import Context, Heard


async def understand(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    event = parse_event(state["event"])
    if not isinstance(event, StudentSpoke) or state["understood"] is not None:
        return {}
    context = runtime.context
    question_id = current_question_id(state)
    asked = state["asked"]
    understood = await context.understanding.understand(
        Heard(event.text, event.confidence),
        Context(
            question=context.paper.question(question_id) if question_id else None,
            answer_so_far=state["answer_so_far"],
            phase="paused" if state["paused"] else state["phase"],
            asked=" ".join(each["text"] for each in asked["utterances"]) if asked else "",
            confirming=state["confirming"],
            language=context.paper.language,
        ),
    )
    return {"understood": understood.to_dict()}

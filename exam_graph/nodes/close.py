"""Ends the exam: thanks the student and settles the questions that were not reached.

In learn mode it looks back first: what was right, and what was missing.
"""

from typing import Any

from langgraph.runtime import Runtime

from exam_graph.reply import Reply
from exam_graph.state import ExamContext, ExamState, remaining_ms
from exam_graph.summary import SPOKEN_POINTS, SPOKEN_QUESTIONS, summary
from exam_graph.turn import closed


async def close(state: ExamState, runtime: Runtime[ExamContext]) -> dict[str, Any]:
    reply = Reply(state, runtime)
    if state["answering"] == "skipped":
        reply.phrase("acknowledgement", "skipped_declined")
    if runtime.context.learning:
        _look_back(reply, state, runtime.context)
    if state["answering"] == "end":
        name = "closing_ended"
    elif remaining_ms(state, runtime.context) == 0:
        name = "closing_time"
    else:
        name = "closing_learn" if runtime.context.learning else "closing"
    reply.phrase("closing", name)
    return {**closed(state), **reply.update(), "confirming": ""}


def _look_back(reply: Reply, state: ExamState, context: ExamContext) -> None:
    """Aloud no more than can be kept in mind; the page shows all of it."""
    summed = summary(context.paper, state["order"], state["statuses"], state["answers"])
    if not summed:
        return
    reply.phrase("feedback", "summary_intro")
    if whole := sum(each.complete for each in summed):
        reply.phrase(
            "feedback", "summary_complete", questions=context.phrases.amount("question", whole)
        )
    partial = [each for each in summed if not each.complete]
    for each in partial[:SPOKEN_QUESTIONS]:
        number = str(each.number)
        if each.right:
            points = "; ".join(each.right[:SPOKEN_POINTS])
            reply.phrase("feedback", "summary_right", number=number, points=points)
        points = "; ".join(each.lacking[:SPOKEN_POINTS])
        reply.phrase("feedback", "summary_missing", number=number, points=points)
    if len(partial) > SPOKEN_QUESTIONS:
        reply.phrase("feedback", "summary_more")

"""Which question is next: forward, then what was put aside. Pure functions of the state."""

from typing import Literal

from exam_graph.complete import complete
from exam_graph.state import ExamContext, Kept, remaining_ms

OFFER_MS = 30_000
"""Less time than this is not offered for another question."""


def next_position(state: Kept) -> int | None:
    """The position in the order to ask next; None after the last."""
    if state["queue"]:
        return state["queue"][0]
    following = state["furthest"] + 1
    return following if following < len(state["order"]) else None


def put_aside(state: Kept, context: ExamContext) -> list[int]:
    """Positions of the questions to offer at the end.

    In exam mode those that were skipped; in learn mode all that is not complete.
    """
    return [
        position
        for position, question_id in enumerate(state["order"])
        if state["statuses"][question_id] == "skipped"
        or (
            context.learning
            and not complete(context.paper.question(question_id), state["answers"][question_id])
        )
    ]


def what_follows(state: Kept, context: ExamContext) -> Literal["advance", "offer", "close"]:
    """What comes when the open question is left."""
    remaining = remaining_ms(state, context)
    if remaining == 0:
        return "close"
    if next_position(state) is not None:
        return "advance"
    if not state["offered"] and remaining >= OFFER_MS and put_aside(state, context):
        return "offer"
    return "close"

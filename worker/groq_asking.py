"""What the model is told of a turn. It sees the answer key, so nothing it writes is ever spoken."""

from typing import Any

from exam_graph.paper import ChoiceQuestion, Question
from exam_graph.understanding import ANSWER_WINDOW, Context, Heard
from worker.groq_client import Asking
from worker.groq_reading import properties

SAID_CHARS = 3000
ASKED_CHARS = 800
POINT_CHARS = 300
OPTION_CHARS = 200


def asking_for(question: Question, heard: Heard, context: Context) -> Asking:
    """The call about one turn. It holds nothing that marks a choice or a short answer: those two
    only code reads."""
    options = question.options if isinstance(question, ChoiceQuestion) else ()
    data: dict[str, Any] = {
        "language": context.language,
        "number": context.number,
        "kind": question.kind,
        "question": question.ask,
        "options": [option.spoken[:OPTION_CHARS] for option in options],
        "points": [
            {"id": point.id, "looks_for": point.looks_for[:POINT_CHARS]}
            for point in question.points
        ],
        "asked": context.asked[-ASKED_CHARS:],
        "confirming": context.confirming,
        "answer_so_far": context.answer_so_far[-ANSWER_WINDOW:],
        "said": heard.text[-SAID_CHARS:],
    }
    return Asking("understanding", data, properties(context))

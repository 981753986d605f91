"""Understanding by a model at Groq, within a deadline; whatever fails, rules decide.

The model sees the answer key, so nothing it writes is ever spoken: it returns names out of lists,
numbers and ids of points, and `groq_reading` tells how much of that is believed.
"""

import dataclasses
from typing import Any

from exam_graph.paper import ChoiceQuestion, Question
from exam_graph.rules import RulesUnderstanding
from exam_graph.understanding import ANSWER_WINDOW, Context, Heard, Understood
from worker.groq_client import Asking, GroqClient
from worker.groq_reading import Reading, believed, properties

SAID_CHARS = 3000
ASKED_CHARS = 800
POINT_CHARS = 300
OPTION_CHARS = 200


class GroqUnderstanding:
    """An `Understanding` that asks a model for what rules cannot know."""

    def __init__(self, rules: RulesUnderstanding, client: GroqClient) -> None:
        self._rules = rules
        self._client = client

    async def understand(self, heard: Heard, context: Context) -> Understood:
        by_rules, obvious = self._rules.judge(heard, context)
        if obvious or context.question is None:
            return by_rules
        reading = await self._client.ask(asking_for(context.question, heard, context), Reading)
        if reading is None:
            return dataclasses.replace(by_rules, doubtful=True)
        return believed(reading, by_rules, heard, context)


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

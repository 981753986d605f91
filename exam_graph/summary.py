"""What went well and what was missing, question by question: learn mode's end. No marks: what the
answers named is compared with the author's own words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exam_graph.complete import missing, reached
from exam_graph.paper import Paper
from exam_graph.state import Answer, AnswerStatus

#: How many questions are gone through aloud; the page shows all.
SPOKEN_QUESTIONS = 3
SPOKEN_POINTS = 4


@dataclass(frozen=True)
class Summed:
    """One question in the summary. `right` and `lacking` are the author's words.

    `explanation`: the author's model answer, where something is lacking
    """

    number: int
    question_id: str
    ask: str
    status: AnswerStatus
    right: tuple[str, ...]
    lacking: tuple[str, ...]
    explanation: str | None

    @property
    def complete(self) -> bool:
        return not self.lacking

    def to_dict(self) -> dict[str, Any]:
        """As the page is sent it."""
        return {
            "number": self.number,
            "ask": self.ask,
            "status": self.status,
            "right": [*self.right],
            "lacking": [*self.lacking],
            "explanation": self.explanation,
        }


def summary(
    paper: Paper,
    order: Sequence[str],
    statuses: Mapping[str, AnswerStatus],
    answers: Mapping[str, Answer],
) -> list[Summed]:
    """In the order asked; of what was never reached, nothing is told."""
    return [
        _summed(number, paper, question_id, statuses[question_id], answers[question_id])
        for number, question_id in enumerate(order, 1)
        if statuses[question_id] not in ("open", "unanswered")
    ]


def _summed(
    number: int, paper: Paper, question_id: str, status: AnswerStatus, answer: Answer
) -> Summed:
    question = paper.question(question_id)
    lacking = tuple(missing(question, answer))
    return Summed(
        number=number,
        question_id=question_id,
        ask=question.ask,
        status=status,
        right=tuple(reached(question, answer)),
        lacking=lacking,
        explanation=question.model_answer if lacking else None,
    )

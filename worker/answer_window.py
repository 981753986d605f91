"""What a student has said so far to the question that is open."""

from exam_graph.events import Event, students_words
from exam_graph.state import Kept, TurnRecord, current_question_id
from exam_graph.understanding import ANSWER_WINDOW
from records.store import Records
from worker.patience import patiently


class AnswerWindow:
    """The end of it, at most ANSWER_WINDOW characters: the next words are understood with it."""

    def __init__(self, records: Records, sitting_id: str) -> None:
        self._records = records
        self._sitting_id = sitting_id
        self._question_id: str | None = None
        self.text = ""

    async def open(self, state: Kept) -> None:
        """Begins with what was said before to the question, if it was asked before."""
        self._question_id = current_question_id(state)
        self.text = ""
        if self._question_id is None or state["statuses"][self._question_id] == "open":
            return
        for answer in await patiently(lambda: self._records.answers(self._sitting_id)):
            if answer.question_id == self._question_id:
                self.text = answer.text[-ANSWER_WINDOW:]

    async def follow(self, event: Event, record: TurnRecord, state: Kept) -> None:
        """A turn is kept. Its words may belong to another answer, and leave this one alone."""
        question_id = current_question_id(state)
        if question_id != self._question_id:
            await self.open(state)
        elif record["answers_question"] and record["question_id"] == question_id:
            self.text = f"{self.text} {students_words(event)}".strip()[-ANSWER_WINDOW:]

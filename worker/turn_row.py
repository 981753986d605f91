"""The record's row for a turn."""

from datetime import UTC, datetime

from exam_graph.events import Returned, StudentSpoke, students_words
from exam_graph.state import ExamState
from records.model import AnswerRecord, TurnRecord, UtteranceRecord
from worker.turn import Turn


def turn_row(turn: Turn, outcome: ExamState, *, ends_exam: bool) -> TurnRecord:
    """The final words, what they meant, and what was said about them."""
    event, record = turn.event, outcome["record"]
    spoke = event if isinstance(event, StudentSpoke) else None
    assert turn.number is not None
    return TurnRecord(
        number=turn.number,
        event=event.model_dump(mode="json", exclude={"words"}),
        understood=outcome["understood"],
        question_id=record["question_id"],
        answers_question=record["answers_question"],
        revises=record["revises"],
        text=students_words(event),
        confidence=spoke.confidence if spoke else None,
        words=[word.model_dump() for word in spoke.words] if spoke else [],
        at=datetime.now(UTC),
        used_ms=turn.used_ms,
        utterances=[
            UtteranceRecord(
                position=position,
                kind=utterance.kind,
                text=utterance.text,
                say=utterance.say,
                authored=utterance.authored,
                question_id=utterance.question_id,
            )
            for position, utterance in enumerate(turn.utterances)
        ],
        answers=[AnswerRecord(**answer) for answer in record["answers"]],
        flags=record["flags"],
        status="finished" if ends_exam else None,
        clears_draft=isinstance(event, StudentSpoke | Returned),
        segment=turn.place.segment if turn.place else None,
        offset_ms=turn.place.offset_ms if turn.place else None,
    )

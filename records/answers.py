"""Puts one answer together from the turns of its sitting: original words, and revisions beside."""

from records.model import AnswerRecord, AnswerView, Revision, TurnRecord


def view_answer(answer: AnswerRecord, turns: list[TurnRecord]) -> AnswerView:
    """`turns` are those of the whole sitting, in order."""
    original: list[TurnRecord] = []
    revisions: list[Revision] = []
    value = original_value = None
    for turn in turns:
        for left in turn.answers:
            if left.question_id == answer.question_id:
                value = left.value
        if turn.question_id == answer.question_id and turn.text:
            if turn.revises:
                revisions.append(Revision(turn.text, turn.at, value))
            elif turn.answers_question:
                original.append(turn)
        if not revisions:
            original_value = value
    return AnswerView(
        **vars(answer),
        text=" ".join(turn.text for turn in original),
        original_value=original_value,
        first_at=original[0].at if original else None,
        last_at=original[-1].at if original else None,
        revisions=revisions,
    )

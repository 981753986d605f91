"""What a turn means for the record, as updates of the state."""

import re
from typing import Any

from exam_graph.events import StudentSpoke, parse_event
from exam_graph.paper import LETTERS, ChoiceQuestion, Question, ShortQuestion
from exam_graph.state import (
    RECOGNISER_FAILED,
    Answer,
    AnswerStatus,
    ExamState,
    TurnRecord,
    current_question_id,
)

#: The exam goes on: no pause, no break.
RUNNING: dict[str, Any] = {"paused": False, "break_minutes": 0.0}


def moved(state: ExamState, move: str, *flags: str) -> TurnRecord:
    """The turn's record with its move named, and flags if there are any to set."""
    record = state["record"]
    return {**record, "move": move, "flags": [*dict.fromkeys((*record["flags"], *flags))]}


def answered(
    state: ExamState,
    move: str,
    question: Question,
    *flags: str,
    status: AnswerStatus = "answered",
    revises: bool = False,
) -> dict[str, Any]:
    """The student's words belong to this question, which now has this status."""
    understood = state["understood"] or {}
    before = state["answers"][question.id]
    event = parse_event(state["event"])
    faulty = [RECOGNISER_FAILED] if isinstance(event, StudentSpoke) and event.fault else []
    noticed = [*understood.get("notices", ()), *flags, *faulty]
    doubtful = ["coverage_uncertain"] if understood.get("doubtful") else []
    said = event.text if isinstance(event, StudentSpoke) else ""
    spoken_ms = event.duration_ms if isinstance(event, StudentSpoke) else 0
    after: Answer = {
        **before,
        "covered": sorted({*before["covered"], *understood.get("covered", ())}),
        "flags": sorted({*before["flags"], *noticed, *doubtful}),
        "value": _value(question, understood, said) or before["value"],
        "answer_ms": before["answer_ms"] + spoken_ms,
        "unclear": 0,
    }
    outcome = settled(state, move, question.id, status, answer=after)
    record = outcome["record"]
    record["answers_question"] = True
    record["question_id"] = question.id
    record["revises"] = revises
    record["flags"] = [*dict.fromkeys((*record["flags"], *noticed))]
    return outcome


def settled(
    state: ExamState,
    move: str,
    question_id: str,
    status: AnswerStatus,
    *,
    answer: Answer | None = None,
) -> dict[str, Any]:
    """A question gets a status; an answer that was given is never made less of."""
    kept = state["answers"][question_id] if answer is None else answer
    before = state["statuses"][question_id]
    after = "answered" if before == "answered" else status
    record = moved(state, move)
    return {
        **RUNNING,
        "statuses": {**state["statuses"], question_id: after},
        "answers": {**state["answers"], question_id: kept},
        "record": {**record, "answers": [_row(state, question_id, after, kept)]},
    }


def with_answer(state: ExamState, **changes: Any) -> dict[str, Any]:
    """The open question's answer changed, and so does the turn's row of it."""
    question_id = state["order"][state["position"]]
    answer: Answer = {**state["answers"][question_id], **changes}  # type: ignore[typeddict-item]
    rows = [each for each in state["record"]["answers"] if each["question_id"] != question_id]
    row = _row(state, question_id, state["statuses"][question_id], answer)
    return {
        "answers": {**state["answers"], question_id: answer},
        "record": {**state["record"], "answers": [*rows, row]},
    }


def failed(state: ExamState, move: str, flag: str) -> dict[str, Any]:
    """Something of ours failed: flags the turn, and the answer to the open question."""
    record = moved(state, move, flag)
    question_id = current_question_id(state)
    if question_id is None:
        return {"record": record}
    before = state["answers"][question_id]
    answer: Answer = {**before, "flags": sorted({*before["flags"], flag})}
    status = state["statuses"][question_id]
    # What is not answered yet gets its row with the answer, or at the end.
    rows = [] if status == "open" else [_row(state, question_id, status, answer)]
    return {
        "answers": {**state["answers"], question_id: answer},
        "record": {**record, "answers": [*record["answers"], *rows]},
    }


def closed(state: ExamState) -> dict[str, Any]:
    """The exam is over: questions still open are settled as unanswered."""
    record = state["record"]
    open_ids = [each for each, status in state["statuses"].items() if status == "open"]
    unanswered = [_row(state, each, "unanswered", state["answers"][each]) for each in open_ids]
    statuses: dict[str, AnswerStatus] = {
        **state["statuses"],
        **dict.fromkeys(open_ids, "unanswered"),
    }
    move = "close" if record["move"] == "wait" else record["move"]
    return {
        **RUNNING,
        "phase": "finished",
        "statuses": statuses,
        "queue": [],
        "asked": None,
        "heard": True,
        "revising": None,
        "record": {**record, "move": move, "answers": [*record["answers"], *unanswered]},
    }


def _row(
    state: ExamState, question_id: str, status: AnswerStatus, answer: Answer
) -> dict[str, Any]:
    return {
        "question_id": question_id,
        "position": state["order"].index(question_id),
        "status": status,
        "covered": answer["covered"],
        "probes": answer["probes"],
        "flags": answer["flags"],
        "value": answer["value"],
    }


def _value(question: Question, understood: dict[str, Any], said: str) -> str | None:
    """What the words come to: "B", "A,C", "2.5 m/s"; None if they name nothing of the kind."""
    if isinstance(question, ChoiceQuestion):
        return ",".join(LETTERS[index] for index in understood.get("choice", ())) or None
    if not isinstance(question, ShortQuestion):
        return None
    if isinstance(question.value, str):
        named = f" {_plain(question.value)} " in f" {_plain(said)} "
        return question.value if named else None
    value = understood.get("value")
    if value is None:
        return None
    return f"{value:g} {question.unit}" if question.unit else f"{value:g}"


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))

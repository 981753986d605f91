"""What a turn means for the record, as updates of the state."""

from typing import Any

from exam_graph.state import AnswerStatus, ExamState, TurnRecord


def moved(state: ExamState, move: str, *, flag: str | None = None) -> TurnRecord:
    """The turn's record with its move named, and a flag if there is one to set."""
    record = state["record"]
    flags = record["flags"] if flag is None else [*record["flags"], flag]
    return {**record, "move": move, "flags": flags}


def answered(
    state: ExamState, move: str, status: AnswerStatus, *, flag: str | None = None
) -> dict[str, Any]:
    """The student's words belong to the open question, which now has this status."""
    understood = state["understood"] or {}
    reached = {*state["covered"], *understood.get("covered", ())}
    flags = [flag] if flag else []
    if understood.get("doubtful"):
        flags.append("coverage_uncertain")
    return settled(state, move, status, covered=sorted(reached), flags=flags, in_answer=True)


def settled(
    state: ExamState,
    move: str,
    status: AnswerStatus,
    *,
    covered: list[str] | None = None,
    flags: list[str] | None = None,
    in_answer: bool = False,
) -> dict[str, Any]:
    """The open question gets a status; an answer that was given is never made less of."""
    question_id = state["order"][state["position"]]
    before = state["statuses"][question_id]
    kept = "answered" if before == "answered" else status
    reached = state["covered"] if covered is None else covered
    raised = sorted({*state["flags"], *(flags or ())})
    answer = _answer(state, question_id, kept, reached, state["probes"], raised)
    record = moved(state, move)
    return {
        "statuses": {**state["statuses"], question_id: kept},
        "covered": reached,
        "flags": raised,
        "confirming": False,
        "paused": False,
        "record": {**record, "answers_question": in_answer, "answers": [answer]},
    }


def with_probe(state: ExamState, probes: list[str]) -> TurnRecord:
    """The turn's record, its answer carrying the probes asked so far."""
    record = state["record"]
    return {**record, "answers": [{**answer, "probes": probes} for answer in record["answers"]]}


def closed(state: ExamState) -> dict[str, Any]:
    """The exam is over: questions still open are settled as unanswered."""
    record = state["record"]
    open_ids = [each for each, status in state["statuses"].items() if status == "open"]
    unanswered = [_answer(state, each, "unanswered", [], [], []) for each in open_ids]
    statuses: dict[str, AnswerStatus] = {
        **state["statuses"],
        **dict.fromkeys(open_ids, "unanswered"),
    }
    move = "close" if record["move"] == "wait" else record["move"]
    return {
        "phase": "finished",
        "statuses": statuses,
        "asked": None,
        "confirming": False,
        "paused": False,
        "record": {**record, "move": move, "answers": [*record["answers"], *unanswered]},
    }


def _answer(
    state: ExamState,
    question_id: str,
    status: AnswerStatus,
    covered: list[str],
    probes: list[str],
    flags: list[str],
) -> dict[str, Any]:
    return {
        "question_id": question_id,
        "position": state["order"].index(question_id),
        "status": status,
        "covered": covered,
        "probes": probes,
        "flags": flags,
    }

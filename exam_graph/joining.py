"""To which question words belong that were spoken over the next one. Pure."""

from exam_graph.state import Cut, ExamContext, ExamState, current_question_id
from exam_graph.understanding import Understood

JOIN_MS = 2500
"""Who starts to speak before so much of a new question was heard goes on with the last answer:
nobody takes in a question and replies to it any faster."""
INTRODUCTION_MS = 1000
"""Before the first question comes an introduction: words that begin so soon still belong to the
practice, and later ones to the question that is on the screen."""


def cut_now(state: ExamState) -> Cut | None:
    """Where this turn's words cut the examiner off, if they did. Typed words never do: who types
    has the question on the screen."""
    cut = state["cut"]
    now = cut is not None and cut["noted"] == state["turn"] - 1
    return cut if now and not state["event"].get("typed") else None


def joins_last(state: ExamState) -> bool:
    """The student goes on with what they were saying before the open question was asked."""
    cut, asked = cut_now(state), state["asked"]
    question_id = current_question_id(state)
    if cut is None or asked is None or question_id is None or cut["turn"] != asked["turn"]:
        return False
    if state["heard_before"] or state["statuses"][question_id] != "open":
        return False
    if any(each["kind"] != "question" for each in asked["utterances"][:1]):
        return False
    last = state["last_position"]
    if last < 0:
        return cut["position"] == 0 and cut["heard_ms"] < INTRODUCTION_MS
    if state["statuses"][state["order"][last]] not in ("answered", "dont_know"):
        return False
    first = asked["last_position"] + 1 - len(asked["utterances"])
    return cut["position"] < first or (cut["position"] == first and cut["heard_ms"] < JOIN_MS)


def target_position(state: ExamState, understood: Understood) -> int | None:
    """Position of the question that a revision or a wish to go back means; None if unclear."""
    if understood.target:
        position = understood.target - 1
        return position if position <= state["furthest"] else None
    question_id = current_question_id(state)
    answered_here = question_id is not None and state["statuses"][question_id] == "answered"
    if answered_here and understood.intent == "revise":
        return state["position"]
    return state["last_position"] if state["last_position"] >= 0 else None


def question_meant(state: ExamState, context: ExamContext) -> str | None:
    """Id of the question that this turn's words are an answer to, if they are one."""
    if state["revising"] is not None:
        return state["order"][state["revising"]]
    if state["phase"] == "finished":
        return state["order"][state["position"]] if state["position"] >= 0 else None
    if joins_last(state):
        last = state["last_position"]
        return state["order"][last] if last >= 0 else None
    return current_question_id(state)

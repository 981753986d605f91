"""What the page is to show, made of the exam's state and of who is speaking."""

from typing import Any

from exam_graph.clock import ExamClock
from exam_graph.paper import ChoiceQuestion, Paper
from exam_graph.state import ExamContext, Kept, current_question_id, remaining_ms
from worker.protocol import PagePhase, View

_IN_QUESTION: dict[str, PagePhase] = {"speaking": "asking", "thinking": "thinking"}


def view(state: Kept, context: ExamContext, agent_state: str, clock: ExamClock) -> View:
    """The page's view at this moment."""
    now: Kept = {**state, "used_ms": clock.used_ms()}
    return View(
        phase=_phase(state, agent_state),
        number=state["position"] + 1 if current_question_id(state) else 0,
        count=len(state["order"]),
        ask=_ask(state, context.paper),
        remaining_ms=remaining_ms(now, context),
        clock_runs=clock.running,
    )


def _phase(state: Kept, agent_state: str) -> PagePhase:
    if state["phase"] == "finished":
        return "closing"
    if state["paused"] or (state["sound_lost"] and not state["reading"]):
        return "paused"
    if state["phase"] == "question":
        return _IN_QUESTION.get(agent_state, "listening")
    return state["phase"]


def _ask(state: Kept, paper: Paper) -> dict[str, Any] | None:
    question_id = current_question_id(state)
    if question_id is not None:
        question = paper.question(question_id)
        options = None
        if isinstance(question, ChoiceQuestion):
            options = [option.text for option in question.options]
        return {
            "id": question_id,
            "kind": question.kind,
            "text": question.ask,
            "options": options,
        }
    asked = state["asked"]
    if state["phase"] == "practice" and asked:
        text = asked["utterances"][0]["text"]
        return {"id": "practice", "kind": "practice", "text": text, "options": None}
    return None

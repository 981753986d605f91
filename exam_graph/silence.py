"""How long a student may be silent, and what falls due then. Pure; all times in seconds."""

from exam_graph.state import ExamContext, Kept, current_question_id

CHECK_IN_S = 15.0
"""After the time to think: a gentle check-in, then an offer, then the next question."""
UNFINISHED_S = 6.0
"""After half a clause the examiner goes on as if the answer were complete."""
OPENING_S = 12.0
"""In sound check and practice, where nothing has to be thought about."""
OPENING_LIMIT = 4
"""So often a silent student is spoken to before the exam; then the examiner just waits."""


def due(state: Kept, context: ExamContext) -> float | None:
    """Seconds of silence, since anybody was last heard, until `Silence` is due; None: never."""
    if state["paused"] or state["sound_lost"] or state["phase"] in ("waiting", "finished"):
        return None
    patience = context.profile.pause_patience
    if state["phase"] != "question":
        return OPENING_S * patience if state["silences"] < OPENING_LIMIT else None
    if state["waiting"] == "unfinished":
        return UNFINISHED_S * patience
    if state["confirming"] or state["revising"] is not None or state["silences"] > 0:
        return CHECK_IN_S * patience
    think = _think_seconds(state, context)
    return think if state["waiting"] == "thinking" else think + CHECK_IN_S * patience


def _think_seconds(state: Kept, context: ExamContext) -> float:
    question_id = current_question_id(state)
    assert question_id is not None
    return context.paper.question(question_id).think_seconds * context.profile.think_factor

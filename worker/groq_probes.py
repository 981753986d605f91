"""Follow-up questions written by a model at Groq that has never seen the answer key.

What it writes is not checked here: the exam graph does that before a word of it is spoken.
"""

from pydantic import BaseModel, ConfigDict

from exam_graph.probing import ProbeRequest
from exam_graph.understanding import ANSWER_WINDOW
from worker.groq_client import Asking, GroqClient

# Bounds of what one call may cost, and of what is worth checking, in characters.
QUESTION_CHARS = 2000
ASKED_CHARS = 300
MAX_ASKED = 5
MAX_PROBE_CHARS = 300


class _Reply(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)

    probe: str


class GroqProbes:
    """A `ProbeWriter`. Shares deadline, budget and rest with the understanding of its sitting."""

    def __init__(self, client: GroqClient) -> None:
        self._client = client

    async def write(self, request: ProbeRequest) -> str | None:
        asked = request.asked[-MAX_ASKED:]
        data = {
            "question": request.question[:QUESTION_CHARS],
            "asked_before": [each[:ASKED_CHARS] for each in asked],
            "answer": request.answer[-ANSWER_WINDOW:],
        }
        asking = Asking("probe", data, {"probe": {"type": "string"}})
        reply = await self._client.ask(asking, _Reply)
        probe = " ".join(reply.probe.split()) if reply else ""
        return probe if 0 < len(probe) <= MAX_PROBE_CHARS else None

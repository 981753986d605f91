"""The language model of a session that asks none: without one, the framework does not reply."""

from typing import Any

from livekit.agents import llm


class NoModel(llm.LLM[Any]):
    """`llm_node` speaks for the exam graph, so it is never asked. It holds no client, and nothing
    is sent to anybody when a session starts (a plugin would warm its connection up)."""

    def chat(self, **_: Any) -> llm.LLMStream:
        raise NotImplementedError("the exam graph gives the words")

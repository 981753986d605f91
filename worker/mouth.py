"""The sound of what the examiner says: made ahead where it could be, else as it is synthesised."""

from collections.abc import AsyncGenerator
from typing import Any

from livekit import rtc
from livekit.agents import Agent, ModelSettings, tts

from exam_graph.utterance import Utterance
from worker.speech_cache import SpeechCache, frames


class Mouth:
    """`slow` speaks what is to be said more slowly than the rest; `ready` has what was made ahead.

    Without either, everything is streamed at the usual speed.
    """

    def __init__(self, slow: tts.TTS[Any] | None = None, ready: SpeechCache | None = None) -> None:
        self._slow = slow
        self._ready = ready

    async def aclose(self) -> None:
        if self._slow is not None:
            await self._slow.aclose()

    async def speak(
        self, utterance: Utterance, agent: Agent, settings: ModelSettings
    ) -> AsyncGenerator[rtc.AudioFrame, None]:
        """The frames of an utterance, in the voice of the agent's session."""
        if utterance.slow and self._slow is not None:
            sound = _slowly(self._slow, utterance, agent)
        elif utterance.authored and self._ready is not None:
            sound = _from(self._ready, utterance, agent, settings)
        else:
            sound = _streamed(utterance, agent, settings)
        async for frame in sound:
            yield frame


async def _from(
    ready: SpeechCache, utterance: Utterance, agent: Agent, settings: ModelSettings
) -> AsyncGenerator[rtc.AudioFrame, None]:
    """What was made ahead; else streamed, and kept for the next time."""
    if (pcm := ready.get(utterance.say)) is not None:
        for frame in frames(pcm):
            yield frame
        return
    pieces: list[bytes] = []
    with ready.streaming():
        async for frame in _streamed(utterance, agent, settings):
            pieces.append(bytes(frame.data))
            yield frame
    # Whoever is interrupted, or fails, never comes here.
    if pieces:
        ready.put(utterance.say, b"".join(pieces))


async def _streamed(
    utterance: Utterance, agent: Agent, settings: ModelSettings
) -> AsyncGenerator[rtc.AudioFrame, None]:
    async def text() -> AsyncGenerator[str, None]:
        yield utterance.say

    async for frame in Agent.default.tts_node(agent, text(), settings):
        yield frame


async def _slowly(
    voice: tts.TTS[Any], utterance: Utterance, agent: Agent
) -> AsyncGenerator[rtc.AudioFrame, None]:
    options = agent.session.conn_options.tts_conn_options
    async with voice.stream(conn_options=options) as stream:
        stream.push_text(utterance.say)
        stream.end_input()
        async for audio in stream:
            yield audio.frame

"""The ways in which a voice speaks: word by word over a connection that stands, or by a request."""

from collections.abc import AsyncGenerator
from typing import Any

from livekit import rtc
from livekit.agents import Agent, APIConnectOptions, ModelSettings, tts

Sound = AsyncGenerator[rtc.AudioFrame, None]


async def streamed(words: str, agent: Agent, settings: ModelSettings) -> Sound:
    """By the voice of the agent's session."""

    async def text() -> AsyncGenerator[str, None]:
        yield words

    async for frame in Agent.default.tts_node(agent, text(), settings):
        yield frame


async def streamed_by(voice: tts.TTS[Any], words: str, timeout_s: float) -> Sound:
    async with voice.stream(conn_options=_once(timeout_s)) as stream:
        stream.push_text(words)
        stream.end_input()
        async for audio in stream:
            yield audio.frame


async def requested(voice: tts.TTS[Any], words: str, timeout_s: float) -> Sound:
    """Has nothing to do with the connections on which others are streamed."""
    async with voice.synthesize(words, conn_options=_once(timeout_s)) as stream:
        async for audio in stream:
            yield audio.frame


def _once(timeout_s: float) -> APIConnectOptions:
    return APIConnectOptions(max_retry=0, timeout=timeout_s)

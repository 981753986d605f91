"""Guesses at words that have stopped growing, where the recogniser itself makes none yet."""

from collections.abc import AsyncGenerator, AsyncIterable

from livekit.agents import stt

_Type = stt.SpeechEventType


async def with_stable_guesses(
    events: AsyncIterable[stt.SpeechEvent],
) -> AsyncGenerator[stt.SpeechEvent, None]:
    """The same events, and a PREFLIGHT where interim words come a second time as they were.

    Flux updates four times a second: a quarter of a second brought no word. It costs nothing to be
    wrong, since a guess that does not hold is dropped; once for the same words is enough.
    """
    seen = guessed = ""
    async for event in events:
        yield event
        text = event.alternatives[0].text if event.alternatives else ""
        if event.type is _Type.PREFLIGHT_TRANSCRIPT:
            guessed = text
        elif event.type in (_Type.START_OF_SPEECH, _Type.END_OF_SPEECH):
            seen = guessed = ""
        elif event.type is _Type.INTERIM_TRANSCRIPT:
            if text and text == seen != guessed:
                guessed = text
                yield stt.SpeechEvent(
                    type=_Type.PREFLIGHT_TRANSCRIPT,
                    request_id=event.request_id,
                    alternatives=event.alternatives,
                )
            seen = text

"""Guesses at words that have stopped growing."""

from collections.abc import AsyncGenerator

import pytest
from livekit.agents import stt

from worker.stable import with_stable_guesses

pytestmark = pytest.mark.unit

START = stt.SpeechEventType.START_OF_SPEECH
INTERIM = stt.SpeechEventType.INTERIM_TRANSCRIPT
EAGER = stt.SpeechEventType.PREFLIGHT_TRANSCRIPT
FINAL = stt.SpeechEventType.FINAL_TRANSCRIPT
END = stt.SpeechEventType.END_OF_SPEECH


async def _guesses(*given: tuple[stt.SpeechEventType, str]) -> list[str]:
    """The words of all guesses; all else must come through as it was."""

    async def events() -> AsyncGenerator[stt.SpeechEvent, None]:
        for kind, text in given:
            data = stt.SpeechData(language="en", text=text)  # type: ignore[arg-type]
            yield stt.SpeechEvent(type=kind, alternatives=[data] if text else [])

    out = [event async for event in with_stable_guesses(events())]
    passed = [
        (event.type, event.alternatives[0].text if event.alternatives else "") for event in out
    ]
    rest = list(passed)
    for each in given:
        rest.remove(each)
    assert all(kind is EAGER for kind, _ in rest)
    return [text for kind, text in passed if kind is EAGER]


async def test_words_that_come_twice_are_guessed_at_once() -> None:
    stable = [(INTERIM, "it makes"), (INTERIM, "it makes ATP")] + [(INTERIM, "it makes ATP")] * 3
    assert await _guesses((START, ""), *stable) == ["it makes ATP"]


async def test_growing_words_are_not() -> None:
    assert await _guesses((START, ""), (INTERIM, "it"), (INTERIM, "it makes")) == []


async def test_what_the_recogniser_guessed_itself_is_not_guessed_again() -> None:
    given = [(INTERIM, "yes"), (EAGER, "yes"), (INTERIM, "yes"), (INTERIM, "yes")]
    assert await _guesses((START, ""), *given) == ["yes"]


async def test_another_turn_begins_anew() -> None:
    turn = [(START, ""), (INTERIM, "yes"), (INTERIM, "yes"), (FINAL, "yes"), (END, "")]
    assert await _guesses(*turn, *turn) == ["yes", "yes"]

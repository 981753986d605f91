"""Turns that only the student's button ends."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from livekit.agents import stt

from worker.own_turns import OwnTurns

pytestmark = pytest.mark.unit

START = stt.SpeechEventType.START_OF_SPEECH
FINAL = stt.SpeechEventType.FINAL_TRANSCRIPT
END = stt.SpeechEventType.END_OF_SPEECH


class Stage:
    """A recogniser's events on their way through."""

    def __init__(self) -> None:
        self.held = 0
        self.turns = OwnTurns(self._hold)
        self._heard: asyncio.Queue[stt.SpeechEvent | None] = asyncio.Queue()
        self._passing = self.turns.only_ended(self._events())

    async def hear(self, *kinds: stt.SpeechEventType, text: str = "word") -> None:
        for kind in kinds:
            data = stt.SpeechData(language="en", text=text)  # type: ignore[arg-type]
            self._heard.put_nowait(
                stt.SpeechEvent(type=kind, alternatives=[data] if kind is FINAL and text else [])
            )

    async def passes(self, count: int) -> list[stt.SpeechEventType]:
        """The next events that come through."""
        async with asyncio.timeout(5):
            return [(await anext(self._passing)).type for _ in range(count)]

    async def silent(self) -> bool:
        """Nothing more has come through."""
        coming = asyncio.ensure_future(anext(self._passing))
        for _ in range(20):
            await asyncio.sleep(0)
        if coming.done():
            return False
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        return True

    def end(self) -> None:
        self._heard.put_nowait(None)

    async def _events(self) -> AsyncGenerator[stt.SpeechEvent, None]:
        while (event := await self._heard.get()) is not None:
            yield event

    def _hold(self) -> None:
        self.held += 1


async def test_an_end_that_was_asked_for_comes_through() -> None:
    stage = Stage()
    await stage.hear(START)
    assert await stage.passes(1) == [START]
    stage.turns.end()
    await stage.hear(FINAL, END)
    assert await stage.passes(2) == [FINAL, END]


async def test_an_end_that_nobody_asked_for_is_held_and_comes_when_it_is() -> None:
    stage = Stage()
    await stage.hear(START, FINAL, END, START, FINAL, END)
    assert await stage.passes(4) == [START, FINAL, START, FINAL]
    await asyncio.sleep(0)
    assert stage.held == 2
    stage.turns.end()
    assert await stage.passes(1) == [END]


async def test_each_end_has_to_be_asked_for() -> None:
    stage = Stage()
    stage.turns.end()
    await stage.hear(START, FINAL, END, START, FINAL, END)
    assert await stage.passes(5) == [START, FINAL, END, START, FINAL]
    assert await stage.silent()


async def test_a_wish_that_came_to_nothing_is_forgotten() -> None:
    stage = Stage()
    stage.turns.end()
    stage.turns.go_on()
    await stage.hear(START, FINAL, END)
    assert await stage.passes(2) == [START, FINAL]
    assert await stage.silent()


async def test_noise_without_words_ends_as_it_is() -> None:
    stage = Stage()
    await stage.hear(START, END)
    assert await stage.passes(2) == [START, END]
    assert stage.held == 0


async def test_the_end_of_the_stream_is_passed_on() -> None:
    stage = Stage()
    await stage.hear(START)
    assert await stage.passes(1) == [START]
    stage.end()
    with pytest.raises(StopAsyncIteration):
        await stage.passes(1)

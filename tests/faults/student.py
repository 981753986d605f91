"""Answers whatever is asked, each time that it is asked to its end, by typing or aloud."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from robot_student.voice import Voice
from tests.faults.page import Page

SOUNDCHECK = "I sit at a table by the window."
PRACTICE = "I like to read books at the weekend."
#: Takes about twelve seconds.
LONG = (
    "The ice is lighter than the water. When water freezes its parts stand in a wide order, and "
    "they need more room than before. That is why the ice stays on the top of the lake."
)
#: Between two sentences of one reply it may seem to listen, in seconds.
BREATH_S = 0.4

Say = Callable[[str], Awaitable[None]]


class Student:
    """`answers` by the ids of the questions. With a voice, all is said aloud."""

    def __init__(self, page: Page, answers: Mapping[str, str], voice: Voice | None = None) -> None:
        self.page = page
        self.answers = answers
        self._voice = voice

    async def sit(self, until: Callable[[], bool] = lambda: False) -> None:
        """Until the exam closes, or `until` holds."""
        page = self.page
        while True:
            await page.until(lambda: page.my_turn or self._is_over() or until())
            if self._is_over() or until():
                return
            await asyncio.sleep(BREATH_S)
            if page.my_turn:
                await self.answer()

    async def answer(self) -> None:
        """Says what belongs to what is asked now."""
        opening = {"soundcheck": SOUNDCHECK, "practice": PRACTICE}
        words = opening.get(self.page.phase) or self.answers[self.page.asked]
        await self.say(words)

    async def say(self, words: str) -> None:
        if self._voice is None:
            await self.page.type(words)
        else:
            await self.page.speak(self._voice.say(words))

    async def asked(self, question: str) -> None:
        """Answers until this question was asked to its end."""
        page = self.page
        await self.sit(until=lambda: page.my_turn and page.asked == question)
        assert page.asked == question, page.story()

    async def farewell(self, seconds: float = 90.0) -> None:
        """Answers all that is left; the exam has been closed and the room is gone."""
        await self.sit()
        await self.page.until(lambda: self.page.over, seconds)

    def _is_over(self) -> bool:
        return self.page.over or self.page.phase in ("closing", "finished")


def words_of(answers: Mapping[str, str]) -> list[str]:
    """All that a student of these answers may say."""
    return [SOUNDCHECK, PRACTICE, *answers.values()]
